"""How a measurement is made."""

from __future__ import annotations

from dataclasses import dataclass

from ...hrv.text.untrusted import require_number
from ..host.gradients import Checkpointing


@dataclass(frozen=True)
class MeasureSettings:
    """How the images of a measurement are sampled; width and height in pixels.

    passes: how often; one takes one linear step, more refine it.
    ValueError where one is out of its range.
    """

    images: int = 10
    steps: int = 10
    cfg: float = 7.5
    seed: int = 0
    width: int = 512
    height: int = 512
    checkpointing: Checkpointing = "auto"
    passes: int = 1

    def __post_init__(self) -> None:
        require_number("HRV Measure: cfg", self.cfg)
        counts = {"images": self.images, "steps": self.steps, "passes": self.passes}
        for name, count in {**counts, "width": self.width, "height": self.height}.items():
            if count < 1:
                raise ValueError(f"HRV Measure: {name} must be 1 or more; found {count}.")

    def __str__(self) -> str:
        size = f"{self.width}x{self.height}"
        return f"{self.steps} steps, cfg {self.cfg:g}, {size}"
