"""One image that shows what the demo's experiments gave: rows of images with judged rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN, LABELS, RATES = 1720, 40, 250, 300
PAGE, INK, MUTED, LINE, TRACK = "#ffffff", "#1c2430", "#5c6675", "#d9dee6", "#edf0f4"
BARS = ("#2f6fde", "#e0752d", "#8a93a1", "#3a9c6b")
TILE, GAP = 128, 8
Rates = dict[str, float]


@dataclass(frozen=True)
class Row:
    """A row of images with a label at its left and rates (0 to 1) at its right."""

    label: str
    note: str
    images: list[Image.Image]
    rates: Rates


@dataclass(frozen=True)
class Cell:
    """A block of four images under a heading, with rates below."""

    heading: str
    images: list[Image.Image]
    rates: Rates


@dataclass(frozen=True)
class Band:
    """A labelled row of cells."""

    label: str
    note: str
    cells: list[Cell]


@dataclass(frozen=True)
class Section:
    """A titled part of the sheet: rows, or bands of cells."""

    title: str
    text: str
    rows: list[Row] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)


class Sheet:
    """A page that grows downwards while sections are drawn on it."""

    def __init__(self) -> None:
        self.page = Image.new("RGB", (WIDTH, 6000), PAGE)
        self.draw = ImageDraw.Draw(self.page)
        self.y = MARGIN

    def text(
        self, x: float, y: float, words: str, size: int, bold: bool = False, **how: str
    ) -> None:
        colour = how.pop("colour", INK)
        self.draw.text((x, y), words, colour, font(size, bold), anchor=how.pop("anchor", "la"))

    def paragraph(self, x: float, words: str, size: int, room: float, colour: str) -> None:
        """Text broken into lines; moves down."""
        for line in wrapped(words, size, room):
            self.text(x, self.y, line, size, colour=colour)
            self.y += round(size * 1.4)

    def tile(self, x: int, y: int, image: Image.Image, side: int = TILE) -> None:
        small = image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        self.page.paste(small, (x, y))

    def bar(self, x: int, y: int, width: int, rate: float, colour: str, height: int) -> None:
        self.draw.rounded_rectangle((x, y, x + width, y + height), height // 2, TRACK)
        if rate > 0:
            end = x + max(height, round(width * rate))
            self.draw.rounded_rectangle((x, y, end, y + height), height // 2, colour)

    def finish(self) -> Image.Image:
        return self.page.crop((0, 0, WIDTH, self.y + MARGIN))


def contact_sheet(title: str, text: str, sections: list[Section]) -> Image.Image:
    """All sections under one title."""
    sheet = Sheet()
    sheet.text(MARGIN, sheet.y, title, 40, bold=True)
    sheet.y += 60
    sheet.paragraph(MARGIN, text, 22, WIDTH - 2 * MARGIN, MUTED)
    for section in sections:
        draw_section(sheet, section)
    return sheet.finish()


def draw_section(sheet: Sheet, section: Section) -> None:
    sheet.y += 30
    sheet.draw.line((MARGIN, sheet.y, WIDTH - MARGIN, sheet.y), LINE, 2)
    sheet.y += 24
    sheet.text(MARGIN, sheet.y, section.title, 30, bold=True)
    sheet.y += 46
    sheet.paragraph(MARGIN, section.text, 22, WIDTH - 2 * MARGIN, MUTED)
    sheet.y += 16
    for row in section.rows:
        draw_row(sheet, row)
    for band in section.bands:
        draw_band(sheet, band)


def draw_label(sheet: Sheet, y: int, label: str, note: str) -> int:
    """Label and note at the left of a line; gives where they end."""
    for line in wrapped(label, 22, LABELS - 20, bold=True):
        sheet.text(MARGIN, y, line, 22, bold=True)
        y += 29
    for line in wrapped(note, 18, LABELS - 20):
        sheet.text(MARGIN, y, line, 18, colour=MUTED)
        y += 25
    return y


def draw_row(sheet: Sheet, row: Row) -> None:
    label_end = draw_label(sheet, sheet.y + 8, row.label, row.note)
    x = MARGIN + LABELS
    room = WIDTH - MARGIN - RATES - x
    for image in row.images[: room // (TILE + GAP)]:
        sheet.tile(x, sheet.y, image)
        x += TILE + GAP
    left = WIDTH - MARGIN - RATES + 20
    for i, (name, rate) in enumerate(row.rates.items()):
        top = sheet.y + 8 + 42 * i
        sheet.text(left, top, name, 19)
        sheet.text(WIDTH - MARGIN, top, percent(rate), 19, bold=True, anchor="ra")
        sheet.bar(left, top + 26, RATES - 20, rate, BARS[i % len(BARS)], 9)
    sheet.y += max(TILE, 8 + 42 * len(row.rates), label_end - sheet.y) + 16


def draw_band(sheet: Sheet, band: Band) -> None:
    draw_label(sheet, sheet.y + 40, band.label, band.note)
    left, room = MARGIN + LABELS, WIDTH - 2 * MARGIN - LABELS
    step = room // len(band.cells)
    side = (step - 3 * GAP) // 2
    for i, cell in enumerate(band.cells):
        x, y = left + i * step, sheet.y
        sheet.text(x, y, cell.heading, 19, colour=MUTED)
        y += 30
        for k, image in enumerate(cell.images[:4]):
            corner = (x + (k % 2) * (side + 4), y + (k // 2) * (side + 4))
            sheet.tile(*corner, image, side)
        y += 2 * side + 12
        for k, (name, rate) in enumerate(cell.rates.items()):
            sheet.text(x, y + 26 * k, name, 16)
            sheet.text(x + step - 2 * GAP, y + 26 * k, percent(rate), 16, bold=True, anchor="ra")
            sheet.bar(x + 74, y + 26 * k + 7, step - 156, rate, BARS[k % len(BARS)], 8)
    sheet.y += 30 + 2 * side + 12 + 26 * max(len(c.rates) for c in band.cells) + 22


def grid(images: list[Image.Image], columns: int, side: int = 128) -> Image.Image:
    """Images side by side, enlarged."""
    rows = -(-len(images) // columns)
    page = Image.new("RGB", (min(columns, len(images)) * side, rows * side), PAGE)
    for i, image in enumerate(images):
        small = image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        page.paste(small, (i % columns * side, i // columns * side))
    return page


def percent(rate: float) -> str:
    return f"{100 * rate:.0f} %"


def wrapped(words: str, size: int, room: float, bold: bool = False) -> list[str]:
    """Lines of at most ``room`` pixels."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font(size, bold).getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines if words else []


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """A typeface that comes with matplotlib, so that the sheet looks the same everywhere."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)
