"""The demo world's image styles: flat colours, ink on paper, neon in the dark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shapes import WHITE, Colour

NIGHT: Colour = (26, 24, 42)
PAPER: Colour = (252, 250, 244)


@dataclass(frozen=True)
class Style:
    """How a style paints.

    ground: what the backdrop fades to, and how far; fill: the body's colour, None for the
    object's own; pattern: the pattern's colour, None for the object's own; outlined: whether
    the body's rim is drawn in the object's colour; light: how far details fade to white.
    """

    ground: Colour
    fade: float
    fill: Colour | None
    pattern: Colour | None
    outlined: bool
    light: float

    def backdrop(self, picture: np.ndarray) -> np.ndarray:
        """The backdrop (64, 64, 3) in [0, 1] in this style."""
        return picture + self.fade * (np.asarray(self.ground, np.float32) / 255 - picture)

    def inks(self, colour: Colour) -> tuple[Colour, Colour, Colour | None]:
        """Colours of body, pattern and rim of an object of this colour."""
        return self.fill or colour, self.pattern or colour, colour if self.outlined else None

    def details(self, painted: np.ndarray, cover: np.ndarray) -> np.ndarray:
        """Details (64, 64, 3), colour times coverage, in this style."""
        return painted + self.light * (cover - painted)


STYLES: dict[str, Style] = {
    "flat": Style(WHITE, 0.0, None, WHITE, outlined=False, light=0.0),
    "ink": Style(PAPER, 0.5, PAPER, None, outlined=True, light=0.0),
    "neon": Style(NIGHT, 0.7, NIGHT, None, outlined=True, light=0.5),
}


def style_of(name: str) -> Style:
    """The style of this name."""
    if name not in STYLES:
        raise ValueError(f"The demo world has no style {name!r}; it has {', '.join(STYLES)}.")
    return STYLES[name]
