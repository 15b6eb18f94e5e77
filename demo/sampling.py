"""KSampler's settings for the demo model; nothing of the host is imported here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """KSampler's settings."""

    steps: int = 20
    cfg: float = 4.0
    sampler: str = "euler"
    scheduler: str = "normal"
