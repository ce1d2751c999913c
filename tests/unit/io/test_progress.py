import io
import logging
import sys
import time

from neural_predictor.io import progress as module
from neural_predictor.io.logs import PACKAGE_LOGGER
from neural_predictor.io.progress import progress, waiting


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work():
    with progress("work", 4, "steps") as advance:
        advance(1)
        logging.getLogger("neural_predictor.any").warning("a line")
        advance.to(4)


def test_without_a_terminal_progress_is_lines_of_the_log(caplog, monkeypatch):
    caplog.set_level("INFO")
    work()
    assert caplog.messages[0] == "a line"
    assert caplog.messages[1].startswith("work: 4/4 steps in 0.")
    caplog.clear()
    monkeypatch.setattr(module, "LINE_EVERY_S", 0)
    work()
    assert caplog.messages[0].startswith("work: 1/4 steps, about 0 s left")


def on_a_terminal(monkeypatch, level):
    """What a terminal shows of the work where the log takes lines from `level` up."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(PACKAGE_LOGGER, "handlers", [handler := logging.StreamHandler()])
    before = PACKAGE_LOGGER.level
    PACKAGE_LOGGER.setLevel(level)
    work()
    PACKAGE_LOGGER.setLevel(before)
    assert PACKAGE_LOGGER.handlers == [handler]
    return stream.getvalue()


def test_on_a_terminal_it_is_a_bar_and_lines_do_not_tear_it(monkeypatch):
    told = on_a_terminal(monkeypatch, logging.INFO)
    assert "work: 100%" in told
    assert "4.00/4.00 [" in told
    assert "\ra line\n" in told  # the bar was cleared away before
    assert "steps in" not in told


def test_a_bar_is_drawn_anew_while_no_unit_is_done(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module, "REDRAW_EVERY_S", 0.01)
    for shown in (lambda: progress("compile", 4, "steps"), lambda: waiting("compile")):
        stream.truncate(0)
        with shown():
            until = time.monotonic() + 5
            while stream.getvalue().count("compile") < 4 and time.monotonic() < until:
                time.sleep(0.01)
        assert stream.getvalue().count("compile") >= 4


def test_waiting_without_a_terminal_is_a_line_of_the_log(caplog):
    caplog.set_level("INFO")
    with waiting("loading TensorFlow"):
        pass
    assert caplog.messages == ["loading TensorFlow"]


def test_a_log_of_errors_alone_has_no_bar(monkeypatch):
    assert on_a_terminal(monkeypatch, logging.ERROR) == ""
