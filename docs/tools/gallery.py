"""Shrink the pictures of a built study for the site.

`gallery.py results docs/images`, which `make gallery` runs, takes those of the default study;
`gallery.py results/audit-v1 docs/images` those of another one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

WIDTH = 1200
"""Pixels: twice the width of the site's text, for screens of high density."""
COLOURS = 128


def main(results: Path, images: Path) -> None:
    """Write `images/<figure>.png` for each `<figure>.pdf` in `results`, or that a link there leads to."""
    for link in sorted(results.glob("fig*.pdf")):
        source = link.resolve().with_suffix(".png")
        if not source.exists():
            continue  # fig-parallel has no study
        with Image.open(source) as picture:
            whole = Image.new("RGB", picture.size, "white")
            whole.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
        small = whole.resize((WIDTH, round(whole.height * WIDTH / whole.width)), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(images / f"{link.stem}.png", optimize=True)
        print(images / f"{link.stem}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
