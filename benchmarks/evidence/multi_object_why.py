"""Whether attention to a word tells if its object will be there, which the method builds on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .framework import Case, Lab, Rows
from .statistics import mean_interval, roc_area, verdict


def attended(lab: Lab, case: Case, positive: Any) -> dict[str, list[list[float]]]:
    """Resolution -> for each object the strongest attention to its word, picture by picture.

    Of plain sampling, the mean over steps and over the heads of that resolution.
    """
    import torch

    from ...nodes.capture import HRVCapture

    model, captured = HRVCapture.execute(lab.model, positive).args
    latent = lab.latents(model, positive, case["seeds"])
    found: dict[str, list[list[float]]] = {}
    for kind in case["kinds"]:
        _, layers = captured.word(latent, kind)
        for size in sorted({layer.size for layer in layers}, reverse=True):
            maps = torch.cat([each.maps for each in layers if each.size == size], dim=1)
            strongest = maps.mean(dim=(1, 2)).amax(dim=(-2, -1))
            found.setdefault(f"{size[0]} x {size[1]}", []).append(strongest.tolist())
    return found


def told(rows: Sequence[Rows]) -> dict[str, tuple[float, tuple[float, float]]]:
    """Resolution -> how surely the picture with the object has more attention than one without.

    Of the same prompt and object; those always or never there tell nothing.
    """
    areas: dict[str, list[float]] = {}
    prompts: list[str] = []
    for row in rows:
        for number in (0, 1):
            pictures = row["methods"]["plain"]["pictures"]
            there = np.array([picture[number] for picture in pictures], dtype=bool)
            if there.all() or not there.any():
                continue
            prompts.append(row["prompt"])
            for size, strongest in row["attended"].items():
                areas.setdefault(size, []).append(roc_area(np.array(strongest[number]), there))
    return {
        size: (float(np.mean(found)), mean_interval(found, prompts))
        for size, found in areas.items()
    }


def finding(rows: Sequence[Rows]) -> list[str]:
    """Empty where no object was sometimes there and sometimes not."""
    found = told(rows)
    if not found:
        return []
    parts = []
    for size, (area, (low, high)) in found.items():
        says = {"yes": "it tells", "no": "not clearly", "reversed": "it tells the opposite"}
        said = says[verdict((low, high), 0.5)]
        parts.append(f"{size} maps {area:.2f} [{low:.2f}, {high:.2f}] ({said})")
    return [
        "Why, measured: the method builds on attention telling which object is missing. Of two "
        "plain pictures of a prompt, one with the object and one without, the one with it has the "
        f"stronger maximum of the word's map with the chance (0.5 is none): {', '.join(parts)}."
    ]
