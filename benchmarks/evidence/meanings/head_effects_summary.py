"""Whether single heads decide a two-meaning word's meaning, and whether the votes find them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ...framework.statistics import SEED, percent, points
from ..experiment import Table
from .head_effects import EffectsRow
from .images import OUTCOMES, Images, cells, gain, images_of, rates_of

Known = Literal["votes", "clear"]
"""What is known of heads without a judge: the columns of a row."""
HALF, RARE, ROUNDS = 0.5, 0.05, 20_000


def agreement(row: EffectsRow, other: Known) -> tuple[float, float]:
    """Correlation of the effects the judge sees with "votes" or "clear", and how often shuffled
    heads correlate as strongly, either way. The few heads that decide weigh most in it."""
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


def _few(rows: Sequence[EffectsRow]) -> str:
    """How few heads decide, and what the votes and the clear prompts know of them."""
    few = ", ".join(f"{row['word']} {len(decisive(row))}" for row in rows)
    return (
        f"Why, measured: one head at a time was rescaled. Half of what the "
        f"{len(rows[0]['effects'])} heads do to the meaning is done by so many: {few}. The "
        f"difference of the two concepts' HRVs {_told(rows, 'votes')}; the way from one clear "
        f"prompt's latent to the other's {_told(rows, 'clear')}."
    )


def _told(rows: Sequence[EffectsRow], other: Known) -> str:
    found = [agreement(row, other) for row in rows]
    signs = [np.sign(value) if rare < RARE else 0 for value, rare in found]
    numbers = ", ".join(
        f"{row['word']} {value:+.2f}" for row, (value, _) in zip(rows, found, strict=True)
    )
    wrong = f", and has them the wrong way round in {signs.count(-1)}" if -1 in signs else ""
    return f"knows these heads in {signs.count(1)} of {len(rows)} words{wrong} ({numbers})"


def _heads_table(rows: Sequence[EffectsRow]) -> Table:
    """Word by word."""
    lines = []
    for row in rows:
        few = decisive(row)
        named = ", ".join(f"{row['heads'][i]} ({row['effects'][i]:+.2f})" for i in few[:4])
        known = [
            f"{value:+.2f} ({rare:.3f})"
            for value, rare in (agreement(row, "votes"), agreement(row, "clear"))
        ]
        lines.append([row["word"], str(len(few)), named, *known])
    return {
        "title": "Heads that decide: effects in log odds per unit of the factor; correlation of "
        "all effects with what is known without a judge (how often shuffled heads as much)",
        "header": [
            "word",
            "heads with half of all effects",
            "the strongest (effect)",
            "HRV difference",
            "clear prompts",
        ],
        "rows": lines,
    }


def steered_by_effects(tried: Sequence[EffectsRow]) -> dict[str, Images]:
    """ "method, reach" -> images."""
    found: dict[str, Images] = defaultdict(list)
    for row in tried:
        for image in images_of(row["found"]):
            found[f"{image.method}, {image.strength:g}"].append(image)
    return dict(found)


def why(tried: Sequence[EffectsRow], steered: dict[str, Images], plain: Images) -> list[str]:
    """Whether heads that decide the meaning exist, and what the votes know of them."""
    if not tried:
        return []
    told = []
    words = {row["word"] for row in tried}
    plain = [image for image in plain if image.word in words]
    for name, images in steered.items():
        rates = rates_of(images)
        fewer = points(*gain(images, plain, "wrong"))
        told.append(
            f"{name}: {percent(rates['wrong'][0])} wrong ({fewer} against plain), "
            f"{percent(rates['right'][0])} right, {percent(rates['neither'][0])} neither"
        )
    return [
        _few(tried),
        "Steering by measured effects instead, of other images, the bare word: factors "
        "1 ± effect, scaled so that the most decisive head moves by 1 or 2; “heads by the "
        "judge” as it saw them, “heads by clear prompts” without a judge, as far as a head moves "
        "the latent the way from one clear prompt's to the other's; “HRV, as gently” is the "
        "difference of the two HRVs scaled alike, not the paper's 2 h - h: "
        + "; ".join(told)
        + ".",
    ]


def effect_tables(tried: Sequence[EffectsRow], steered: dict[str, Images]) -> list[Table]:
    """Steering by measured heads, and the heads that decide."""
    if not tried:
        return []
    rows = [[name, *cells(rates_of(found))] for name, found in steered.items()]
    header = ["steered by, at most", *OUTCOMES]
    steering: Table = {"title": "Steered by measured heads", "header": header, "rows": rows}
    return [steering, _heads_table(tried)]
