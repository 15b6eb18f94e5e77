"""What ordered weakening shows, from its raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ...framework.statistics import Interval, interval_of, percent, points, verdict
from ..experiment import Summary, Table
from . import single_heads_summary as single_heads
from .curves import Areas, Curve, Presence, area_interval, areas, has, mean_curve, presence
from .orders import OrdersRow
from .single_heads import SingleHeadsRow

Prompts = list[Presence]
"""Of one concept: every prompt that has it."""


class Data(TypedDict):
    """concepts: concept -> order or "factors" -> rows [x, own, others], the mean over prompts."""

    heads: int
    concepts: dict[str, dict[str, list[list[float]]]]


def summarise(
    rows: Sequence[OrdersRow], alone: Sequence[SingleHeadsRow], concepts: Sequence[str]
) -> Summary[Data]:
    """Area between the orders, what is left at a tenth and a fifth of the heads, per concept."""
    if not rows:
        raise ValueError("No prompt is done yet.")
    heads = rows[0]["heads"]
    found = {c: [presence(row, c) for row in rows if has(row, c)] for c in concepts}
    found = {c: prompts for c, prompts in found.items() if prompts}
    apart = {c: areas(prompts, heads) for c, prompts in found.items()}
    single = single_heads.measured(alone)
    mean, interval = _overall(rows, apart)
    return Summary(
        ours=f"mean area between the curves {mean:.2f} (presence times share of heads, at "
        f"most 1), over {len(found)} concepts",
        interval=list(interval),
        sentence=_sentence({c: area_interval(one.orders) for c, one in apart.items()}),
        findings=[
            _others_sentence({c: area_interval(one.others) for c, one in apart.items()}),
            *_factor_sentences(rows, found),
            *single_heads.findings(single),
        ],
        tables=[
            _area_table(found, apart, heads),
            _factor_table(found),
            *single_heads.tables(single),
        ],
        captions=CAPTIONS,
        data={"heads": heads, "concepts": {c: _curves(p) for c, p in found.items()}},
    )


CAPTIONS = {
    "weakening.png": "Judged presence against weakened heads, factor -2. Thick: the "
    "concept itself; thin dashed: the mean of all others, most relevant heads first.",
    "weakening-factors.png": "Rescaling the most relevant tenth of the heads by other "
    "factors; 1 changes nothing.",
}


def _overall(rows: Sequence[OrdersRow], found: dict[str, Areas]) -> tuple[float, Interval]:
    """Mean over concepts of the area between the orders, and its interval over prompts."""
    table = np.full((len(rows), len(found)), np.nan)
    for column, (concept, one) in enumerate(found.items()):
        table[[i for i, row in enumerate(rows) if has(row, concept)], column] = one.orders

    def mean(drawn: np.ndarray) -> float:
        chosen = table[drawn]
        filled = chosen[:, ~np.isnan(chosen).all(axis=0)]
        return float(np.nanmean(filled, axis=0).mean())

    return mean(np.arange(len(rows))), interval_of(mean, len(rows))


def _sentence(own: dict[str, Interval]) -> str:
    by = {
        said: [concept for concept, interval in own.items() if verdict(interval) == said]
        for said in ("yes", "no", "reversed")
    }
    if len(by["yes"]) == len(own):
        return f"As in the paper, all {len(own)} concepts are lost earlier in MoRHF than in LeRHF."
    told = {
        "yes": "as in the paper, lost earlier in MoRHF than in LeRHF: ",
        "reversed": "against the paper, lost earlier in LeRHF: ",
        "no": "no clear difference: ",
    }
    text = "; ".join(told[said] + ", ".join(names) for said, names in by.items() if names)
    return f"{text[0].upper()}{text[1:]}."


def _others_sentence(alone: dict[str, Interval]) -> str:
    seen = [c for c, interval in alone.items() if verdict(interval) == "yes"]
    wrong = [c for c, interval in alone.items() if verdict(interval) == "reversed"]
    text = (
        f"In MoRHF {', '.join(seen)} {'lose' if len(seen) > 1 else 'loses'} more than the "
        "others in the same images"
        if seen
        else "That any concept loses more in MoRHF than the others in the same images is not seen"
    )
    return text + (f"; the others lose more for {', '.join(wrong)}." if wrong else ".")


def _factor_sentences(rows: Sequence[OrdersRow], found: dict[str, Prompts]) -> list[str]:
    """Whether a factor below 0 takes more than factor 0, over all concepts and prompts."""
    gaps: dict[int, list[float]] = {}
    for concept, prompts in found.items():
        numbers = [i for i, row in enumerate(rows) if has(row, concept)]
        for number, prompt in zip(numbers, prompts, strict=True):
            curve = prompt.factors
            if 0.0 in curve and FACTOR in curve:
                gaps.setdefault(number, []).append(float(curve[0.0][0] - curve[FACTOR][0]))
    if not gaps:
        return []
    values = np.array([np.mean(one) for one in gaps.values()])
    interval = area_interval(values)
    said = {
        "yes": "As in the paper, -2 removes more than 0",
        "no": "That -2 removes more than 0 is not seen here",
        "reversed": "Against the paper, 0 removes more than -2",
    }[verdict(interval)]
    return [f"{said}: {points(float(values.mean()), interval)} of the images."]


def _area_table(found: dict[str, Prompts], apart: dict[str, Areas], heads: int) -> Table:
    header = ["concept", "prompts", "LeRHF - MoRHF", "random - MoRHF", "own - others lost"]
    counts = [n for n in next(iter(found.values()))[0].orders["LeRHF"] if 0.08 < n / heads < 0.22]
    header += [f"own / others at {n} heads, MoRHF" for n in counts]
    rows = []
    for concept, prompts in found.items():
        cells = [concept, str(len(prompts))]
        for values in (apart[concept].orders, apart[concept].random, apart[concept].others):
            low, high = area_interval(values)
            known = f"[{low:+.2f}, {high:+.2f}]" if len(values) > 1 else "(one prompt)"
            cells.append(f"{values.mean():+.2f} {known}")
        for n in counts:
            left = np.mean([p.orders["MoRHF"][n] for p in prompts], axis=0)
            cells.append(f"{percent(left[0], 0)} / {percent(left[1], 0)}")
        rows.append(cells)
    return {"title": "Areas (share of heads 0 to 1)", "header": header, "rows": rows}


def _factor_table(found: dict[str, Prompts]) -> Table:
    curves = {c: mean_curve([p.factors for p in prompts]) for c, prompts in found.items()}
    factors = list(next(iter(curves.values())))
    return {
        "title": "Own presence / the others', most relevant tenth of the heads times a factor",
        "header": ["concept", *(f"{f:g}" for f in factors)],
        "rows": [
            [c, *(f"{percent(curve[f][0], 0)} / {percent(curve[f][1], 0)}" for f in factors)]
            for c, curve in curves.items()
        ],
    }


def _curves(prompts: Prompts) -> dict[str, list[list[float]]]:
    orders = {o: mean_curve([p.orders[o] for p in prompts]) for o in prompts[0].orders}
    factors = mean_curve([p.factors for p in prompts])
    return {name: _listed(curve) for name, curve in {**orders, "factors": factors}.items()}


def _listed(curve: Curve) -> list[list[float]]:
    return [[x, *map(float, pair)] for x, pair in curve.items()]
