"""What HRV Construct shows while it runs: the bar, the time left, the growing heat map."""

from __future__ import annotations

import time

import comfy.model_management
import comfy.utils
from PIL import Image, ImageDraw, ImageFont

from ...hrv.construct.records import RunRecord
from ...hrv.draw.canvas import DARK
from ...hrv.draw.live_map import live_map
from ..shared.notify import show_text
from .run import Progress

_SECONDS = 2.0  # between two previews
_NAMES = 260  # pixels for the concepts' names
_LARGEST = 1024 + _NAMES


class Pace:
    """Says how far a construction is, at most every `seconds` and after the last image."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.started = self.told = time.monotonic()
        self.before: int | None = None  # images of earlier sessions, which took no time of this one

    def lines(self, now: Progress) -> tuple[str, str] | None:
        """Images done and time left, and how the halves agree; None where it is too early."""
        if self.before is None:
            self.before = now.done - 1
        clock = time.monotonic()
        if clock - self.told < self.seconds and now.done < now.total:
            return None
        self.told = clock
        left = (clock - self.started) / (now.done - self.before) * (now.total - now.done)
        agreement = now.record.agreement().summary(now.record.words.concepts)
        return f"{now.done} of {now.total} {now.record.unit}, {duration(left)} left", agreement


class Reporter:
    """Reports each image to the page; raises where the user cancelled."""

    def __init__(self, node: str | None) -> None:
        self.node = node
        self.bar = comfy.utils.ProgressBar(1, node)
        self.pace = Pace(_SECONDS)

    def __call__(self, now: Progress) -> None:
        preview = None
        lines = self.pace.lines(now)
        if lines is not None:
            preview = ("JPEG", named_map(now.record), _LARGEST)
            show_text("\n".join(lines), self.node)
        self.bar.update_absolute(now.done, now.total, preview)
        comfy.model_management.throw_exception_if_processing_interrupted()


def named_map(record: RunRecord) -> Image.Image:
    """The heat map so far, the concepts' names beside their rows."""
    pixels = live_map(record.preview())
    height, width = pixels.shape[:2]
    row = height / len(record.words.concepts)
    image = Image.new("RGB", (_NAMES + width, height), DARK.page)
    image.paste(Image.fromarray(pixels), (_NAMES, 0))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(min(24.0, 0.9 * row))
    for number, name in enumerate(record.words.concepts):
        place = (_NAMES - 8, (number + 0.5) * row)
        draw.text(place, name, fill=DARK.ink, font=font, anchor="rm")
    return image


def duration(seconds: float) -> str:
    """Seconds in words of two parts at most: 1 h 12 min, 4 min, 30 s."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
