"""What HRV Construct shows while it runs: the bar, the time left, the growing heat map."""

from __future__ import annotations

import time

import comfy.model_management
import comfy.utils
from PIL import Image, ImageDraw, ImageFont

from ...hrv.construct.agreement import split_half
from ...hrv.construct.votes import VoteRecord
from ...hrv.draw.canvas import DARK
from ...hrv.draw.live_map import live_map
from ..shared.notify import show_text
from .run import Progress

_SECONDS = 2.0  # between two previews
_NAMES = 260  # pixels for the concepts' names
_LARGEST = 1024 + _NAMES


class Reporter:
    """Reports each picture to the page; raises where the user cancelled."""

    def __init__(self, node: str | None) -> None:
        self.node = node
        self.bar = comfy.utils.ProgressBar(1, node)
        self.started = self.shown = time.monotonic()
        self.first: int | None = None

    def __call__(self, now: Progress) -> None:
        if self.first is None:
            self.first = now.done - 1  # earlier sessions took no time of this one
        time_now = time.monotonic()
        preview = None
        if time_now - self.shown >= _SECONDS or now.done == now.total:
            self.shown = time_now
            picture = named_map(now.record)
            preview = ("JPEG", picture, _LARGEST)
            self._tell(now, time_now)
        self.bar.update_absolute(now.done, now.total, preview)
        comfy.model_management.throw_exception_if_processing_interrupted()

    def _tell(self, now: Progress, time_now: float) -> None:
        made = now.done - (self.first or 0)
        left = (time_now - self.started) / made * (now.total - now.done)
        agreement = split_half(now.record.votes).summary(now.record.words.concepts)
        text = f"{now.done} of {now.total} pictures, {duration(left)} left\n{agreement}"
        show_text(text, self.node)


def named_map(record: VoteRecord) -> Image.Image:
    """The heat map so far, the concepts' names beside their rows."""
    pixels = live_map(record.total)
    height, width = pixels.shape[:2]
    row = height / len(record.words.concepts)
    picture = Image.new("RGB", (_NAMES + width, height), DARK.page)
    picture.paste(Image.fromarray(pixels), (_NAMES, 0))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(min(24.0, 0.9 * row))
    for number, name in enumerate(record.words.concepts):
        place = (_NAMES - 8, (number + 0.5) * row)
        draw.text(place, name, fill=DARK.ink, font=font, anchor="rm")
    return picture


def duration(seconds: float) -> str:
    """Seconds in words of two parts at most: 1 h 12 min, 4 min, 30 s."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
