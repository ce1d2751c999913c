// The search of pages that are opened from the disk. Browsers start no worker from a file, so the worker's script runs in
// a hidden frame, and messages pass between the two windows. Pages of a server keep the browser's own workers.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      const waiting = [];
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      const deliver = (data) => inside.dispatchEvent(new inside.MessageEvent("message", { data: inside.structuredClone(data) }));
      this.postMessage = (data) => waiting.push(data);
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data: structuredClone(data) }));
      const script = inside.document.createElement("script");
      script.src = new URL(url, location).href;
      script.onload = () => {
        this.postMessage = deliver;
        waiting.forEach(deliver);
      };
      script.onerror = () => this.dispatchEvent(new Event("error"));
      inside.document.body.append(script);
    }
  };
}
