"""Thumbnails of the workflows that need a checkpoint: their graph, for there are no images of them.

    python3 tools/host.py run -m tools.demo_report.graph_thumbnail

Those of the demo's workflows show what they make; help pages that show one get a small copy, since
the page serves nothing but their own folder to them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from ..api.workflow import NOTES
from ..host import ROOT

SIZE = (720, 480)
PANEL, QUALITY = 400, 85  # pixels of the page that shows help; of its images
BANNER = 96
MARGIN, SMOOTH = 24, 2  # pixels; drawn so many times larger
PAGE, INK, MUTED = "#14181f", "#f2f4f7", "#9aa4b2"
BOX, OURS, WIRE = "#2b323d", "#b85a1c", "#5d6a7c"
TITLE = 30  # pixels of a node's title above its position
FAMILIES = {"sd15": "Stable Diffusion 1.5", "sdxl": "Stable Diffusion XL"}


class Box(NamedTuple):
    """A node on the thumbnail, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def thumbnail(workflow: dict[str, Any], family: str) -> Image.Image:
    """The graph of a saved workflow, below what its note is called."""
    image = Image.new("RGB", (SIZE[0] * SMOOTH, SIZE[1] * SMOOTH), PAGE)
    draw = ImageDraw.Draw(image)
    notes = [node for node in workflow["nodes"] if node["type"] in NOTES]
    heading = notes[0]["widgets_values"][0].splitlines()[0].lstrip("# ")
    _text(draw, (MARGIN, 18), heading, 27, INK)
    _text(draw, (MARGIN, 56), family, 18, MUTED)
    nodes = {node["id"]: node for node in workflow["nodes"] if node["type"] not in NOTES}
    boxes = _boxes(nodes)
    for _, source, _, target, _, _ in workflow["links"]:
        if source in boxes and target in boxes:
            _wire(draw, boxes[source], boxes[target])
    for key, box in boxes.items():
        _node(draw, box, nodes[key]["type"].startswith("HRV"))
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def _boxes(nodes: dict[int, dict[str, Any]]) -> dict[int, Box]:
    """The nodes' places, scaled so that all of them fit below the banner."""
    left = min(node["pos"][0] for node in nodes.values())
    top = min(node["pos"][1] - TITLE for node in nodes.values())
    right = max(node["pos"][0] + node["size"][0] for node in nodes.values())
    bottom = max(node["pos"][1] + node["size"][1] for node in nodes.values())
    wide, high = SIZE[0] - 2 * MARGIN, SIZE[1] - BANNER - MARGIN
    scale = min(wide / (right - left), high / (bottom - top))
    x = MARGIN + (wide - scale * (right - left)) / 2
    y = BANNER + (high - scale * (bottom - top)) / 2

    def box(node: dict[str, Any]) -> Box:
        (px, py), (w, h) = node["pos"], node["size"]
        return Box(
            x + scale * (px - left),
            y + scale * (py - TITLE - top),
            x + scale * (px + w - left),
            y + scale * (py + h - top),
        )

    return {key: box(node) for key, node in nodes.items()}


def _node(draw: ImageDraw.ImageDraw, box: Box, ours: bool) -> None:
    at = [SMOOTH * side for side in box]
    draw.rounded_rectangle(at, 4 * SMOOTH, fill=BOX)
    head = min(12.0, (box.bottom - box.top) / 3)
    top = [at[0], at[1], at[2], at[1] + head * SMOOTH]
    draw.rounded_rectangle(top, 4 * SMOOTH, fill=OURS if ours else WIRE)


def _wire(draw: ImageDraw.ImageDraw, source: Box, target: Box) -> None:
    """A line from the right of a node to the left of another, level at both ends."""
    x0, y0 = source.right, source.top + 9
    x1, y1 = target.left, target.top + 14
    bend = max(18.0, abs(x1 - x0) / 2)
    points = []
    for i in range(33):
        t = i / 32
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
        x = a * x0 + b * (x0 + bend) + c * (x1 - bend) + d * x1
        points.append((SMOOTH * x, SMOOTH * ((a + b) * y0 + (c + d) * y1)))
    draw.line(points, fill=WIRE, width=SMOOTH, joint="curve")


def _text(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: str
) -> None:
    font = ImageFont.load_default(SMOOTH * size)
    draw.text((SMOOTH * at[0], SMOOTH * at[1]), text, fill=colour, font=font)


def shown_in_help() -> list[Path]:
    """The help pages' own, smaller copies of thumbnails, those that they show."""
    folder = ROOT / "web" / "docs"
    pages = "\n".join(page.read_text(encoding="utf-8") for page in sorted(folder.glob("*.md")))
    return [
        folder / name for name in sorted(set(re.findall(r"!\[[^\]]*\]\(([\w-]+\.webp)\)", pages)))
    ]


def for_help(copy: Path) -> Image.Image:
    """The thumbnail that a help page shows, as wide as the page's panel."""
    with Image.open(ROOT / "workflows" / copy.with_suffix(".jpg").name) as image:
        image.thumbnail((PANEL, image.height))
        return image.copy()


def main() -> None:
    """Draw all of them anew, and make small copies of those that help pages show."""
    for path in sorted((ROOT / "workflows").glob("*.json")):
        family = FAMILIES.get(path.stem.partition("-")[0])
        if family is not None:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            thumbnail(found, family).save(path.with_suffix(".jpg"), quality=80)
    for copy in shown_in_help():
        for_help(copy).save(copy, quality=QUALITY)


if __name__ == "__main__":
    main()
