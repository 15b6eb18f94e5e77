"""Whether single heads decide a two-meaning word's meaning, and whether the votes find them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from ...framework.statistics import SEED
from ..experiment import Table
from .head_effects import EffectsRow

Known = Literal["votes", "clear", "gradient"]
"""What is known of heads without a judge: the columns of a row."""
HALF, RARE, ROUNDS = 0.5, 0.05, 20_000


def agreement(row: EffectsRow, other: Known) -> tuple[float, float]:
    """Correlation of the effects the judge sees with what is known without it, and how often
    shuffled heads correlate as strongly, either way. The few heads that decide weigh most in it."""
    one, two = (np.array(v) - np.mean(v) for v in (row["effects"], row[other]))
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    if not size:
        return 0.0, 1.0
    rng = np.random.default_rng(SEED)
    shuffled = rng.permuted(np.tile(two, (ROUNDS, 1)), axis=1) @ one
    found = float(one @ two)
    return found / size, float((np.abs(shuffled) >= abs(found) - 1e-12).mean())


def decisive(row: EffectsRow) -> list[int]:
    """The fewest heads that make up half of all effects, strongest first."""
    sizes = np.abs(row["effects"])
    order = np.argsort(-sizes, kind="stable")
    reached = np.cumsum(sizes[order])
    return order[: int(np.argmax(reached >= HALF * sizes.sum())) + 1].tolist()


def why(rows: Sequence[EffectsRow]) -> list[str]:
    """How few heads decide, and what is known of them without a judge."""
    return [_few(rows)] if rows else []


def _few(rows: Sequence[EffectsRow]) -> str:
    few = ", ".join(f"{row['word']} {len(decisive(row))}" for row in rows)
    return (
        f"Why, measured: one head at a time was rescaled. Half of what the "
        f"{len(rows[0]['effects'])} heads do to the meaning is done by so many: {few}. The "
        f"difference of the two concepts' HRVs {_told(rows, 'votes')}; the gradients of HRV "
        f"Measure {_told(rows, 'gradient')}; the way that a head moves the latent from one clear "
        f"prompt's to the other's {_told(rows, 'clear')}."
    )


def _told(rows: Sequence[EffectsRow], other: Known) -> str:
    found = [agreement(row, other) for row in rows]
    signs = [np.sign(value) if rare < RARE else 0 for value, rare in found]
    numbers = ", ".join(
        f"{row['word']} {value:+.2f}" for row, (value, _) in zip(rows, found, strict=True)
    )
    wrong = f", and has them the wrong way round in {signs.count(-1)}" if -1 in signs else ""
    return f"knows these heads in {signs.count(1)} of {len(rows)} words{wrong} ({numbers})"


def heads_table(rows: Sequence[EffectsRow]) -> list[Table]:
    """Word by word."""
    if not rows:
        return []
    lines = []
    for row in rows:
        few = decisive(row)
        named = ", ".join(f"{row['heads'][i]} ({row['effects'][i]:+.2f})" for i in few[:4])
        known = [
            f"{value:+.2f} ({rare:.3f})"
            for value, rare in (agreement(row, known) for known in get_args(Known))
        ]
        lines.append([row["word"], str(len(few)), named, *known])
    table: Table = {
        "title": "Heads that decide: effects in log odds per unit of the factor; correlation of "
        "all effects with what is known without a judge (how often shuffled heads as much)",
        "header": [
            "word",
            "heads with half of all effects",
            "the strongest (effect)",
            "HRV difference",
            "clear prompts",
            "HRV Measure",
        ],
        "rows": lines,
    }
    return [table]
