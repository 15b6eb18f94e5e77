"""How well heat shows an object whose exact mask is known."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ....hrv.word_maps import iou, segment
from ...framework.statistics import roc_area

PAPER = (0.3, 0.4, 0.5)
"""The thresholds of arXiv 2604.05906."""
THRESHOLDS = (*PAPER, 0.6, 0.7, 0.8, 0.9)


def ious(heat: Tensor, masks: list[np.ndarray]) -> list[list[float]]:
    """IoU of each image at each of `THRESHOLDS`; heat (I, h, w)."""
    exact = torch.from_numpy(np.stack(masks))
    found = torch.stack([iou(segment(heat, t), exact) for t in THRESHOLDS], dim=1)
    return [[round(value, 4) for value in row] for row in found.tolist()]


def areas_under_roc(heat: Tensor, masks: list[np.ndarray]) -> list[float]:
    """Of each image, how surely a pixel of the object is hotter than another; heat (I, h, w)."""
    pairs = zip(heat.numpy(), masks, strict=True)
    return [round(roc_area(h.ravel(), mask.ravel()), 4) for h, mask in pairs]
