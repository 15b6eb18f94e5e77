"""Attend-and-Excite and A&E-HRV written out, head by head and pixel by pixel, in float64.

Follows the two papers and the numbers of their published codes, in the slowest way there is: no
function of the pack takes part. maps: one tensor (heads, height, width, tokens) a layer.
"""

from __future__ import annotations

import math

import torch


def _reflect(i: int, n: int) -> int:
    if i < 0:
        return -i
    return 2 * (n - 1) - i if i >= n else i


def _convolve(image, kernel):
    """Correlation of images (y, x, ...) with a square kernel of odd width, edges reflected."""
    height, width = image.shape[:2]
    half = kernel.shape[0] // 2
    total = torch.zeros_like(image)
    for dy in range(-half, half + 1):
        for dx in range(-half, half + 1):
            ys = [_reflect(y + dy, height) for y in range(height)]
            xs = [_reflect(x + dx, width) for x in range(width)]
            total = total + kernel[dy + half, dx + half] * image[ys][:, xs]
    return total


def _square_kernel(width, exponent):
    middle = (width - 1) / 2
    kernel = torch.tensor(
        [[exponent(y - middle) * exponent(x - middle) for x in range(width)] for y in range(width)],
        dtype=torch.float64,
    )
    return kernel / kernel.sum()


def _cubic(distance: float) -> float:
    t, a = abs(distance), -0.75
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def _bicubic_matrix(source: int, target: int) -> torch.Tensor:
    """(target, source): half-pixel centres, no antialiasing, edges clamped."""
    matrix = torch.zeros(target, source, dtype=torch.float64)
    for out in range(target):
        place = (out + 0.5) * source / target - 0.5
        for tap in range(math.floor(place) - 1, math.floor(place) + 3):
            matrix[out, min(max(tap, 0), source - 1)] += _cubic(place - tap)
    return matrix


def _resize(image, side):
    """One head's maps (y, x, tokens): gaussian blur of k = res / side + 1, then bicubic."""
    res = image.shape[0]
    if res == side:
        return image
    if res > side:
        k = res // side + 1
        sigma = 0.3 * ((k - 1) * 0.5 - 1) + 0.8
        image = _convolve(image, _square_kernel(k, lambda x: math.exp(-0.5 * (x / sigma) ** 2)))
    matrix = _bicubic_matrix(res, side)
    return torch.stack([matrix @ image[..., t] @ matrix.T for t in range(image.shape[-1])], -1)


def excite_loss(averaged, tokens, last, smooth):
    """max_k max(0, 1 - max smooth(softmax(100 A[:, :, 1:last]))[k]); averaged: a map per token."""
    losses = []
    for image, token in zip(averaged, tokens, strict=True):
        shares = torch.softmax(100 * image[:, :, 1:last], dim=-1)[:, :, token - 1]
        if smooth is not None:
            shares = _convolve(shares, _square_kernel(3, smooth))
        losses.append(torch.clamp(1 - shares.max(), min=0))
    return torch.stack(losses).max()


def plain_loss(maps, tokens, side, sigma):
    """Attend-and-Excite: mean of the heads with side x side pixels, tokens 1 to 75, own kernel."""
    chosen = [head for layer in maps if layer.shape[1] == side for head in layer]
    mean = torch.stack(chosen).mean(dim=0)
    smooth = None if sigma is None else lambda x: math.exp(-((x / (2 * sigma)) ** 2))
    return excite_loss([mean] * len(tokens), tokens, -1, smooth)


def hrv_loss(maps, vectors, tokens, side, sigma):
    """A&E-HRV: per token all heads resized to side x side, weighted by its HRV over H."""
    averaged = []
    for vector in vectors:
        total, head = 0.0, 0
        for layer in maps:
            for one in layer:
                total = total + vector[head] / len(vector) * _resize(one, side)
                head += 1
        averaged.append(total)
    smooth = None if sigma is None else lambda x: math.exp(-(x**2) / (2 * sigma**2))
    return excite_loss(averaged, tokens, 77, smooth)
