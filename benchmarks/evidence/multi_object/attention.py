"""Whether attention to a word goes with its object being there, as Attend-and-Excite supposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...framework.statistics import mean_interval, roc_area, verdict
from ..framework import Case, Lab, Rows


def attended(lab: Lab, case: Case, positive: Any) -> dict[str, list[list[float]]]:
    """Resolution -> for each object the strongest attention to its word, picture by picture.

    Of plain sampling, the mean over steps and over the heads of that resolution. Sampled anew, so
    that the time kept for plain pictures is not that of watching.
    """
    import torch

    from ....nodes.maps.capture import HRVCapture

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


FEWEST = 5
"""Prompts whose objects are sometimes there; fewer tell nothing."""


def told(rows: Sequence[Rows]) -> tuple[int, dict[str, tuple[float, tuple[float, float]]]]:
    """Number of usable prompts, and resolution -> how surely a picture with the object has more
    attention than one without, of the same prompt and object, with its interval."""
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
    found = {size: (float(np.mean(a)), mean_interval(a, prompts)) for size, a in areas.items()}
    return len(set(prompts)), found


def finding(rows: Sequence[Rows]) -> list[str]:
    """Empty where too few objects were sometimes there and sometimes not."""
    count, found = told(rows)
    if count < FEWEST:
        return []
    says = {"yes": "it tells", "no": "not clearly", "reversed": "it tells the opposite"}
    parts = [
        f"{size} maps {area:.2f} [{low:.2f}, {high:.2f}] ({says[verdict((low, high), 0.5)]})"
        for size, (area, (low, high)) in found.items()
    ]
    return [
        "Does attention tell whether the object is there? Of two plain pictures of a prompt, one "
        "with the object and one without, the one with it has the higher maximum of the word's "
        f"map (mean of all steps and heads) with probability, {count} prompts, 0.5 is chance: "
        f"{', '.join(parts)}."
    ]
