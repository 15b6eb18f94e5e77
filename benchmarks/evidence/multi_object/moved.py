"""How far each method moved the latent, what that did to its loss, and which images never moved."""

from __future__ import annotations

import numpy as np

from ...framework.statistics import percent
from ..experiment import Table
from .outcomes import Outcomes

STILL = 1e-6
"""A latent moved by less than this never moved."""


def table(found: Outcomes) -> Table:
    """Path, loss and strength of every method; of A&E's own maps and of A&E-HRV's apart."""
    lines = []
    for method in found.methods[1:]:
        paths = found.paths(method)
        losses = np.array([pair for row in found.of(method) for pair in row["loss"]])
        strengths = np.array([row["strength"] for row in found.of(method)])
        seconds = np.mean([row["seconds"] for row in found.of(method)])
        lines.append(
            [
                method,
                f"{np.median(strengths):.2f}",
                f"{paths.mean():.3f} ({np.quantile(paths, 0.1):.3f} to "
                f"{np.quantile(paths, 0.9):.3f})",
                percent(float((paths < STILL).mean())),
                f"{losses[:, 0].mean():.3f}",
                f"{losses[:, 1].mean():.3f}",
                f"{seconds:.2f}",
            ]
        )
    return {
        "title": "How far the latent was moved (root mean square, all steps; tenth and ninetieth "
        "percentile), and the loss before the first and after the last update",
        "header": [
            "method",
            "strength, median",
            "moved",
            "never moved",
            "loss, first",
            "loss, last",
            "s per image",
        ],
        "rows": lines,
    }


def findings(found: Outcomes) -> list[str]:
    """Which methods left images as they were."""
    still = {name: float((found.paths(name) < STILL).mean()) for name in found.methods[1:]}
    left = [f"{name} {percent(share)}" for name, share in still.items() if share > 0]
    told = ", ".join(left) if left else "none by any method"
    return [f"Images whose latent was never moved, because no word's loss was above 0: {told}."]
