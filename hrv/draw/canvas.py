"""A page to draw on in pixels, in a light or dark theme, and the two colour scales on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from typing_extensions import Unpack

Pixels = NDArray[np.uint8]
Values = NDArray[np.float64]
WIDTH = 1400  # of most images, in pixels; hosts show them at about half of that
MARGIN = 48
TITLE, TEXT, SMALL = 38, 24, 20  # heights of letters in pixels
_DPI = 72  # one point is one pixel
_SMALLEST = 0.75  # of the wanted size, for text that would not fit
_LETTERS_BEYOND_LATIN = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Microsoft YaHei",
    "Yu Gothic",
    "PingFang SC",
    "Hiragino Sans",
    "Arial Unicode MS",
)


class TextStyle(TypedDict, total=False):
    """What a text may have otherwise: matplotlib's own names."""

    color: str | tuple[float, ...]
    ha: str
    va: str
    rotation: float
    weight: str


@dataclass(frozen=True)
class Theme:
    """Colours of a page. `relevance` runs from 0 over neutral to the top, `cosine` from 0 to 1.

    Blue against orange stays apart in the common kinds of colour blindness.
    """

    page: str
    ink: str
    muted: str
    line: str
    band: str
    relevance: tuple[tuple[float, str], ...]
    cosine: tuple[tuple[float, str], ...]


LIGHT = Theme(
    page="#ffffff",
    ink="#1a1d21",
    muted="#5c6470",
    line="#c3c8cf",
    band="#f4f5f7",
    relevance=(
        (0.0, "#82abce"),
        (0.25, "#bad1e3"),
        (0.5, "#f1ede4"),
        (0.65, "#fcc27a"),
        (0.82, "#e8722a"),
        (1.0, "#6e2203"),
    ),
    cosine=(
        (0.0, "#f5f2ec"),
        (0.25, "#c3d9ea"),
        (0.5, "#6ba8d3"),
        (0.75, "#2a6ea8"),
        (1.0, "#0a2f57"),
    ),
)
DARK = Theme(
    page="#15181d",
    ink="#eef1f5",
    muted="#9aa4b1",
    line="#4a515b",
    band="#1d2128",
    relevance=(
        (0.0, "#2f628f"),
        (0.25, "#2b4863"),
        (0.5, "#2a2e35"),
        (0.65, "#84501e"),
        (0.82, "#e08a30"),
        (1.0, "#ffecb8"),
    ),
    cosine=(
        (0.0, "#20242a"),
        (0.25, "#24476a"),
        (0.5, "#3f7fb3"),
        (0.75, "#86bfe6"),
        (1.0, "#f0f8ff"),
    ),
)


class Canvas:
    """A figure of width x height pixels; x to the right and y down from the top left corner."""

    def __init__(self, width: int, height: int, dark: bool) -> None:
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ValueError(
                "Drawing needs matplotlib, which is not installed. Install it into ComfyUI's "
                "Python: pip install matplotlib"
            ) from error
        self.width, self.height = width, height
        self.theme = DARK if dark else LIGHT
        self._family = _font_family()
        self._figure: Figure = Figure(
            figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=self.theme.page
        )
        self._agg = FigureCanvasAgg(self._figure)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        room: float | None = None,
        **style: Unpack[TextStyle],
    ) -> None:
        """Write `text`, `size` pixels high, its left and middle at (x, y) unless `style` differs.

        Where it would be longer than `room` pixels, it is set smaller, and then cut short.
        """
        shown: TextStyle = {"color": self.theme.ink, "ha": "left", "va": "center", **style}
        artist = self._figure.text(
            x / self.width,
            1 - y / self.height,
            text,
            size=size,
            family=self._family,
            parse_math=False,  # a concept may be called $x$
            **shown,
        )
        if room is not None:
            self._fit(artist, text, size, room)

    def _fit(self, artist: Text, text: str, size: float, room: float) -> None:
        def length() -> float:
            extent = artist.get_window_extent(self._agg.get_renderer())
            return max(extent.width, extent.height)

        found = length()
        if found <= room:
            return
        artist.set_fontsize(size * max(_SMALLEST, 0.97 * room / found))
        letters = len(text)
        while letters > 1 and length() > room:
            letters -= 1
            artist.set_text(text[:letters].rstrip() + "…")

    def heading(self, title: str, subtitle: str) -> None:
        """The title of the page and a line below it."""
        room = self.width - 2 * MARGIN
        self.text(MARGIN, 50, title, TITLE, room=room, weight="bold")
        self.text(MARGIN, 98, subtitle, TEXT, room=room, color=self.theme.muted)

    def band(self, x: float, y: float, width: float, height: float) -> None:
        """A faint band behind everything else, to guide the eye along a row."""
        axes = self.axes(x, y, width, height)
        axes.axhspan(0, height, color=self.theme.band)
        axes.set_zorder(-1)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Bare axes whose own units are pixels too: (0, 0) top left, (width, height) below."""
        axes = self._figure.add_axes(
            (
                x / self.width,
                1 - (y + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )
        axes.set_axis_off()
        axes.set(xlim=(0, width), ylim=(height, 0))
        return axes

    def image(self, x: float, y: float, width: float, height: float, colours: Values) -> Axes:
        """Fill a rectangle with a (rows, columns, 4) array of RGBA cells; units stay pixels."""
        axes = self.axes(x, y, width, height)
        axes.imshow(colours, extent=(0, width, height, 0), interpolation="nearest", aspect="auto")
        return axes

    def pixels(self) -> Pixels:
        """The finished page, (height, width, 3) uint8."""
        self._agg.draw()
        return np.asarray(self._agg.buffer_rgba())[..., :3].copy()


def _font_family() -> list[str]:
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    return ["DejaVu Sans", *(name for name in _LETTERS_BEYOND_LATIN if name in installed)]


def colours(levels: Values, stops: Sequence[tuple[float, str]]) -> Values:
    """RGBA in [0, 1], (..., 4), of levels in [0, 1]; transparent where the level is NaN."""
    from matplotlib.colors import to_rgb

    places = [place for place, _ in stops]
    known = np.nan_to_num(levels)
    channels = zip(*(to_rgb(colour) for _, colour in stops), strict=True)
    rgb = [np.interp(known, places, channel) for channel in channels]
    return np.stack([*rgb, np.isfinite(levels).astype(float)], axis=-1)


def ink_on(colour: Values) -> str:
    """Black or white, whichever reads better on an RGB(A) colour."""
    red, green, blue = colour[:3]
    return "#111111" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else "#ffffff"
