"""Whether attention to a word goes with its object being there, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...framework.statistics import Interval, mean_interval, roc_area, verdict
from .objects import ObjectsRow

FEWEST = 5
"""Prompts whose objects are sometimes there; fewer tell nothing."""


def told(rows: Sequence[ObjectsRow]) -> tuple[int, dict[str, tuple[float, Interval]]]:
    """Number of usable prompts, and resolution -> how surely an image with the object has more
    attention than one without, of the same prompt and object, with its interval."""
    areas: dict[str, list[float]] = {}
    prompts: list[str] = []
    for row in rows:
        for number in (0, 1):
            images = row["methods"]["plain"]["images"]
            there = np.array([image[number] for image in images], dtype=bool)
            if there.all() or not there.any():
                continue
            prompts.append(row["prompt"])
            for size, strongest in row["attended"].items():
                areas.setdefault(size, []).append(roc_area(np.array(strongest[number]), there))
    found = {size: (float(np.mean(a)), mean_interval(a, prompts)) for size, a in areas.items()}
    return len(set(prompts)), found


def finding(rows: Sequence[ObjectsRow]) -> list[str]:
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
        "Does attention tell whether the object is there? Of two plain images of a prompt, one "
        "with the object and one without, the one with it has the higher maximum of the word's "
        f"map (mean of all steps and heads) with probability, {count} prompts, 0.5 is chance: "
        f"{', '.join(parts)}."
    ]
