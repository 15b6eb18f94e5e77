"""Blur and resizing of attention maps before they are compared, and their smoothing after it.

y, x: the size of the maps. All is differentiable.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from ..resolution import Size

Kernel = Literal["gaussian", "wide"]


@dataclass(frozen=True)
class Smoothing:
    """The 3 x 3 kernel that token maps are smoothed with, and its sigma."""

    kernel: Kernel
    sigma: float = 0.5

    def __post_init__(self) -> None:
        known = get_args(Kernel)
        if self.kernel not in known:
            raise ValueError(
                f"smoothing_kernel must be one of: {', '.join(known)}; found {self.kernel!r}."
            )
        if not 0.0 < self.sigma < inf:
            raise ValueError(
                f"smoothing_sigma must be more than 0; found {self.sigma}. For no smoothing, "
                "switch smoothing off."
            )


def blur_width(length: int, target: int) -> int:
    """Taps of the blur before a side of `length` shrinks to `target`: length / target + 1, odd.

    A&E-HRV's code: 9, 5, 3 for 64, 32, 16 to 8; 1, no blur, where nothing shrinks.
    """
    taps = round(length / target) + 1
    return 1 if length <= target else taps + 1 - taps % 2


def blur_sigma(width: int) -> float:
    """sigma = 0.3 ((width - 1) / 2 - 1) + 0.8 (A&E-HRV's code: 1.7, 1.1, 0.8 for 9, 5, 3)."""
    return 0.3 * ((width - 1) / 2 - 1) + 0.8


def kernel_row(width: int, sigma: float, kernel: Kernel = "gaussian") -> Tensor:
    """One side of a separable kernel, (width,), sum 1.

    gaussian: exp(-x^2 / (2 sigma^2)), as in A&E-HRV's code; wide: exp(-(x / (2 sigma))^2), as in
    Attend-and-Excite's, a Gaussian of sqrt(2) sigma.
    """
    x = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    row = torch.exp(-(x**2) / (2 * sigma**2 if kernel == "gaussian" else 4 * sigma**2))
    return row / row.sum()


def blurred(maps: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Separable convolution of maps (..., y, x) with kernels over y and over x, reflected edges."""
    kernel = torch.outer(rows, columns).to(maps)
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    above, beside = len(rows) // 2, len(columns) // 2
    padded = pad(flat, (beside, beside, above, above), mode="reflect")
    return conv2d(padded, kernel[None, None]).reshape(maps.shape)


def resized(maps: Tensor, size: Size) -> Tensor:
    """R(M): maps (..., y, x) brought to `size` by a Gaussian blur and bicubic interpolation.

    HRV, appendix F, brings maps to one size; blur and interpolation are A&E-HRV's code. A map of
    that size already stays as it is.
    """
    if maps.shape[-2:] == size:
        return maps
    widths = [blur_width(*sides) for sides in zip(maps.shape[-2:], size, strict=True)]
    if max(widths) > 1:
        rows, columns = (kernel_row(width, blur_sigma(width)) for width in widths)
        maps = blurred(maps, rows, columns)
    flat = maps.reshape(1, -1, *maps.shape[-2:])
    fitted = interpolate(flat, size=size, mode="bicubic", align_corners=False)
    return fitted.reshape(*maps.shape[:-2], *size)


def smoothed(maps: Tensor, smoothing: Smoothing | None) -> Tensor:
    """3 x 3 smoothing of maps (..., y, x); unchanged without one. Attend-and-Excite, section 3."""
    if smoothing is None:
        return maps
    row = kernel_row(3, smoothing.sigma, smoothing.kernel)
    return blurred(maps, row, row)
