"""The share of the way as it is written, which the pack takes apart: it is linear in D."""

from __future__ import annotations

from torch import Tensor

from hrv_pack.hrv.measure.effect import way_direction
from hrv_pack.hrv.measure.precision import wide


def way_share(prediction: Tensor, way: Tensor) -> Tensor:
    """s(r) = <D(r), way> / |way|^2 of each image, (I,) `wide`; both (I, C, h, w)."""
    return (wide(prediction) * way_direction(way)).flatten(1).sum(dim=1)
