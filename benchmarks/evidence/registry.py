"""The experiments, in the order of the page. A new one is a package here and a line there."""

from __future__ import annotations

from typing import Any

from .breaking.experiment import Breaking
from .editing.experiment import Editing
from .experiment import Evidence
from .meanings.experiment import TwoMeanings
from .multi_object.experiment import MultiObject
from .segmentation.experiment import Segmentation
from .timesteps.experiment import Timesteps
from .weakening.experiment import Weakening

EXPERIMENTS: dict[str, Evidence[Any]] = {
    one.name: one
    for one in (
        Weakening(),
        TwoMeanings(),
        Editing(),
        MultiObject(),
        Segmentation(),
        Timesteps(),
        Breaking(),
    )
}


def experiment(name: str) -> Evidence[Any]:
    """The experiment of this name."""
    if name not in EXPERIMENTS:
        raise ValueError(f"There is no experiment {name!r}; there are {', '.join(EXPERIMENTS)}.")
    return EXPERIMENTS[name]
