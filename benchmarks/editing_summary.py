"""What an editing run says: success and preservation with 95% intervals, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = list[dict[str, Any]]
Interval = tuple[float, float]
RESAMPLES = 2000
_Z = 1.96


def summarise(rows: Rows, methods: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """For each attribute, and for all, one point per method.

    rows: of every picture its case, attribute, method, rate, success and squared error.
    """
    attributes = [*dict.fromkeys(row["attribute"] for row in rows), "all"]
    return {
        attribute: [
            point(method, [row for row in rows if _is_of(row, method, attribute)])
            for method in methods
        ]
        for attribute in attributes
    }


def _is_of(row: dict[str, Any], method: dict[str, Any], attribute: str) -> bool:
    same = all(row[name] == value for name, value in method.items())
    return same and attribute in (row["attribute"], "all")


def point(method: dict[str, Any], rows: Rows) -> dict[str, Any]:
    """Success and PSNR [dB] of a method with their 95% intervals."""
    success = np.array([row["success"] for row in rows], float)
    errors = np.array([row["error"] for row in rows])
    numbers = np.array([row["case"] for row in rows])
    resampled = resample(numbers)
    shares = [success[chosen].mean() for chosen in resampled]
    noise = [psnr(errors[chosen]) for chosen in resampled]
    return {
        **method,
        "pictures": len(rows),
        "success": float(success.mean()),
        "success_interval": wider(wilson(success), quantiles(shares)),
        "psnr": psnr(errors),
        "psnr_interval": quantiles(noise),
    }


def resample(numbers: np.ndarray) -> list[np.ndarray]:
    """Indices of pictures, edits drawn with replacement and then their pictures."""
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    drawn = rng.integers(len(groups), size=(RESAMPLES, len(groups)))
    return [
        np.concatenate([rng.choice(groups[g], len(groups[g])) for g in chosen]) for chosen in drawn
    ]


def quantiles(values: list[float]) -> Interval:
    """The middle 95%."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def wilson(success: np.ndarray) -> Interval:
    """Wilson's 95% interval of a share, which does not vanish where all succeed."""
    n, share = len(success), float(success.mean())
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def wider(one: Interval, other: Interval) -> Interval:
    """Both intervals together."""
    return min(one[0], other[0]), max(one[1], other[1])


def psnr(errors: np.ndarray) -> float:
    """Peak signal-to-noise ratio [dB] of mean squared errors, colours in [0, 1]."""
    return float(-10 * np.log10(max(errors.mean(), 1e-10)))


def show(table: dict[str, list[dict[str, Any]]]) -> None:
    """Print the points."""
    for attribute, points in table.items():
        print(f"\n{attribute} ({points[0]['pictures']} pairs)    edit seen (95%)      kept (95%)")
        for one in points:
            rate = "" if one["rate"] is None else f" self-replace {one['rate']:.1f}"
            low, high = one["success_interval"]
            least, most = one["psnr_interval"]
            print(
                f"  {one['method'] + rate:<25} {one['success']:6.1%} ({low:.0%} to {high:.0%})   "
                f"{one['psnr']:5.1f} dB ({least:.1f} to {most:.1f})"
            )
