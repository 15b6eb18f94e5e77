"""What the two-meaning words show, from their raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ....demo.world import OBJECTS
from ...framework.statistics import Interval, percent, points, share_interval, spread, verdict
from ..experiment import Summary, Table
from .head_effects import EffectsRow
from .head_effects_summary import effect_tables, steered_by_effects, why
from .images import (
    OUTCOMES,
    Images,
    Rates,
    cells,
    chosen,
    gain,
    images_of,
    of_methods,
    rates_of,
    shares_of,
)
from .methods import MethodsRow
from .other_hrvs import VariantRow
from .variants import VARIANTS

METHODS = ("plain", "prompt only", "strengthen", "adjust", "adjust all words")
COUNTED = ("wrong", "right", "neither")
CAPTIONS = {
    "meanings.png": "What the images show of the wanted and the other meaning, over "
    "all words and both directions. Plain images count for both directions, so that "
    "wrong and right are equal there.",
    "meanings-sweep.png": "Strength and clamp of steering; dotted: plain.",
    "meanings-words.png": "Wrong meanings by word and direction.",
    "meanings-heads.png": "Every head: its measured effect on the word's meaning (log odds "
    "of the second meaning per unit of the factor) against what its HRV says.",
}


class Data(TypedDict):
    """What figures show: rates by method, by word and direction, by other HRV and by measured
    heads; sweep: curve -> rows [value, wrong, right, neither]; effects: word -> the HRVs'
    difference and the measured effect of each head."""

    rates: dict[str, Rates]
    words: dict[str, dict[str, Rates]]
    sweep: dict[str, list[list[float]]]
    variants: dict[str, Rates]
    steered: dict[str, Rates]
    effects: dict[str, list[list[float]]]


def summarise(
    rows: Sequence[MethodsRow], others: Sequence[VariantRow], tried: Sequence[EffectsRow]
) -> Summary[Data]:
    """Rates of the wrong meaning by method; gains over plain with their intervals."""
    images = of_methods(rows)
    plain = chosen(images, "plain")
    rates = {m: rates_of(chosen(images, m)) for m in METHODS}
    variants = {row["variant"]: images_of(row["found"]) for row in others}
    steered = steered_by_effects(tried)
    before, after = rates["plain"]["wrong"], rates["adjust"]["wrong"]
    return Summary(
        ours=f"wrong meaning {percent(before[0])} {spread(before[1:])} plain, "
        f"{percent(after[0])} {spread(after[1:])} with concept adjusting",
        interval=list(after[1:]),
        sentence=_sentence(plain, chosen(images, "adjust")),
        findings=[*_findings(images, rates, variants), *why(tried, steered, plain)],
        tables=[
            _method_table(images, rates),
            _sweep_table(images),
            *_tables(variants),
            *effect_tables(tried, steered),
        ],
        captions=CAPTIONS,
        data={
            "rates": rates,
            "words": _by_word(images),
            "sweep": _sweep(images),
            "variants": {name: rates_of(found) for name, found in variants.items()},
            "steered": {name: rates_of(found) for name, found in steered.items()},
            "effects": {row["word"]: [row["votes"], row["effects"]] for row in tried},
        },
    )


def _sentence(plain: Images, adjusted: Images) -> str:
    """As in the paper only if the wanted meaning takes the place of the wrong one."""
    gains = {outcome: gain(adjusted, plain, outcome) for outcome in OUTCOMES}
    seen = {outcome: verdict(interval) for outcome, (_, interval) in gains.items()}
    numbers = ", ".join(f"{name} {points(*gains[name])}" for name in ("wrong", "right", "neither"))
    if seen["wrong"] == "yes":
        said = "Against the paper, concept adjusting draws the wrong meaning more often"
    elif seen["wrong"] == "no":
        said = "That concept adjusting draws the wrong meaning less often is not seen here"
    elif seen["right"] == "yes":
        said = (
            "As in the paper, concept adjusting draws the wrong meaning less often, and the "
            "wanted one more often"
        )
    else:
        fate = (
            "that the wanted one comes more often is not seen"
            if seen["right"] == "no"
            else "the wanted one comes less often too"
        )
        said = (
            "Only half of the paper's effect is seen: concept adjusting draws the wrong meaning "
            f"less often, but {fate}"
        )
    if seen["neither"] == "yes":
        said += "; more images show neither"
    return f"{said} (against plain: {numbers})."


def _among_shown(images: Images) -> tuple[float, Interval] | None:
    """Share of wrong meanings among the images that show exactly one; None where none does."""
    shown = [p for p in images if p.outcome in ("wrong", "right")]
    if not shown:
        return None
    wrong = [p.outcome == "wrong" for p in shown]
    return float(np.mean(wrong)), share_interval(wrong, [p.cluster for p in shown])


def _among_sentence(images: Images) -> str:
    """The change of meaning apart from the loss of images."""
    texts = []
    for method in METHODS:
        share = _among_shown(chosen(images, method))
        told = "none shows one" if share is None else f"{percent(share[0])} {spread(share[1])}"
        texts.append(f"{method} {told}")
    return (
        "Wrong among the images that show exactly one of the two meanings (50% is chance): "
        + "; ".join(texts)
        + "."
    )


def _findings(images: Images, rates: dict[str, Rates], variants: dict[str, Images]) -> list[str]:
    off = rates_of(chosen(images, "word off"))
    drawn = 1 - off["neither"][0]
    found = [
        _among_sentence(images),
        f"With every head's map of the word multiplied by 0, {percent(drawn)} of the images "
        f"still show one of its meanings, against {percent(1 - rates['plain']['neither'][0])} "
        f"plain; two of {len(OBJECTS)} kinds drawn by chance would be {percent(2 / len(OBJECTS))}.",
    ]
    best = max(variants, key=lambda name: rates_of(variants[name])["right"][0], default=None)
    if best is not None:
        rate = rates_of(variants[best])
        now = rates["adjust"]
        found.append(
            f"Of the other ways to make an HRV, “{best}” draws the wanted meaning most often "
            "(read off afterwards): "
            f"{percent(rate['wrong'][0])} wrong, {percent(rate['right'][0])} right, "
            f"{percent(rate['neither'][0])} neither; the shipped HRV {percent(now['wrong'][0])}, "
            f"{percent(now['right'][0])} and {percent(now['neither'][0])}."
        )
    return found


def _by_word(images: Images) -> dict[str, dict[str, Rates]]:
    """word and direction -> method -> rates."""
    names = dict.fromkeys((p.word, p.desired) for p in images)
    return {
        f"{word} {desired}": {
            m: rates_of([p for p in chosen(images, m) if (p.word, p.desired) == (word, desired)])
            for m in METHODS
        }
        for word, desired in names
    }


def _sweep(images: Images) -> dict[str, list[list[float]]]:
    """Curves of rows [strength or clamp, wrong, right, neither]."""
    curves: dict[str, list[list[float]]] = {}
    for method in ("strengthen", "adjust"):
        steps = {p.strength for p in images if p.method == method and not p.clamp}
        points_ = [(s, chosen(images, method, s)) for s in sorted(steps)]
        start = [0.0, *shares_of(chosen(images, "plain"), COUNTED)]
        curves[f"{method}, strength"] = [start, *([s, *shares_of(p, COUNTED)] for s, p in points_)]
    clamps = {p.clamp for p in images if p.method == "adjust" and p.clamp}
    curves["adjust, clamp"] = [
        [c, *shares_of(chosen(images, "adjust", 1.0, c), COUNTED)] for c in sorted(clamps)
    ]
    return curves


def _method_table(images: Images, rates: dict[str, Rates]) -> Table:
    rows = [[name, *cells(rate)] for name, rate in rates.items()]
    rows.append(["word off", *cells(rates_of(chosen(images, "word off")))])
    return {
        "title": "What images show, both directions of all words",
        "header": ["method", *(f"{name} meaning" for name in OUTCOMES[:2]), *OUTCOMES[2:]],
        "rows": rows,
    }


def _sweep_table(images: Images) -> Table:
    rows = [
        [name, f"{x:g}", *(percent(share) for share in shares)]
        for name, curve in _sweep(images).items()
        for x, *shares in curve
    ]
    header = ["swept", "value", "wrong", "right", "neither"]
    return {"title": "Strength and clamp (strength 1)", "header": header, "rows": rows}


def _tables(variants: dict[str, Images]) -> list[Table]:
    if not variants:
        return []
    rows = [
        [f"{name}: {VARIANTS[name].told}", *cells(rates_of(found))]
        for name, found in variants.items()
    ]
    header = ["concept adjusting with", *OUTCOMES]
    return [{"title": "Other HRVs, voted with 80 prompts", "header": header, "rows": rows}]
