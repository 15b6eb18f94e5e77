"""What ordered weakening shows, from its raw rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...framework.statistics import Interval, area, interval_of, percent, points, verdict
from ..framework import Rows, Summary
from . import single_heads
from .single_heads import FACTOR

Prompts = list[dict[str, Any]]
"""Of one concept: for each prompt that shows it, its curves; see `_prompt`."""


def summarise(rows: Sequence[Rows], concepts: Sequence[str]) -> Summary:
    """Area between the orders, what is left at a tenth and a fifth of the heads, per concept."""
    alone = [row for row in rows if row.get("part") == single_heads.PART]
    rows = [row for row in rows if row.get("part") != single_heads.PART]
    if not rows:
        raise ValueError("No prompt is done yet.")
    heads = rows[0]["heads"]
    found = {c: _prompts(rows, c) for c in concepts}
    found = {c: prompts for c, prompts in found.items() if prompts}
    areas = {c: _areas(prompts, heads) for c, prompts in found.items()}
    own = {c: _area_interval(areas[c]["orders"]) for c in found}
    others = {c: _area_interval(areas[c]["others"]) for c in found}
    mean, interval = _overall(rows, found, heads)
    return {
        "ours": f"mean area between the curves {mean:.2f} (presence times share of heads, at "
        f"most 1), over {len(found)} concepts",
        "interval": list(interval),
        "sentence": _sentence(own),
        "findings": [
            _others_sentence(others),
            *_factor_sentences(rows, found),
            *single_heads.findings(alone),
        ],
        "tables": [
            _area_table(found, areas, heads),
            _factor_table(found),
            *single_heads.tables(alone),
        ],
        "captions": {
            "weakening.png": "Judged presence against weakened heads, factor -2. Thick: the "
            "concept itself; thin dashed: the mean of all others, most relevant heads first.",
            "weakening-factors.png": "Rescaling the most relevant tenth of the heads by other "
            "factors; 1 changes nothing.",
        },
        "data": {"heads": heads, "concepts": {c: _curves(p) for c, p in found.items()}},
    }


def _prompts(rows: Sequence[Rows], concept: str) -> Prompts:
    return [_prompt(row, concept) for row in rows if concept in row["settings"][0]["shown"][0]]


def _prompt(row: Rows, concept: str) -> dict[str, Any]:
    """Presence in one prompt: order -> count -> [own, others]; "factors": factor -> the same."""
    kept: dict[str, dict[float, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for setting in row["settings"]:
        if setting["concept"] not in ("", concept):
            continue
        shown, count, factor = setting["shown"], setting["count"], setting["factor"]
        others = [np.mean([v for c, v in one.items() if c != concept]) for one in shown]
        pair = [float(np.mean([one[concept] for one in shown])), float(np.mean(others))]
        if count in (0, row["heads"]):
            for order in ("MoRHF", "LeRHF", "random"):
                kept[order][count].append(pair)
        elif factor == FACTOR:
            kept[setting["order"]][count].append(pair)
        if count == 0 or (setting["order"] == "MoRHF" and count == _fixed(row)):
            kept["factors"][1.0 if count == 0 else factor].append(pair)
    return {
        name: {x: np.mean(pairs, axis=0) for x, pairs in sorted(curve.items())}
        for name, curve in kept.items()
    }


def _fixed(row: Rows) -> int:
    """The number of heads at which factors were compared."""
    return next((s["count"] for s in row["settings"] if s["factor"] not in (FACTOR,)), 0)


def _areas(prompts: Prompts, heads: int) -> dict[str, np.ndarray]:
    """Areas of each prompt, (prompts,): own presence LeRHF - MoRHF, random - MoRHF, and under
    MoRHF how much more the concept loses than the others do."""

    def under(prompt: dict[str, Any], order: str, which: int = 0) -> float:
        curve = prompt[order]
        return area([n / heads for n in curve], [pair[which] for pair in curve.values()])

    def lost(prompt: dict[str, Any], which: int) -> float:
        return prompt["MoRHF"][0][which] - under(prompt, "MoRHF", which)

    return {
        "orders": np.array([under(p, "LeRHF") - under(p, "MoRHF") for p in prompts]),
        "random": np.array([under(p, "random") - under(p, "MoRHF") for p in prompts]),
        "others": np.array([lost(p, 0) - lost(p, 1) for p in prompts]),
    }


def _area_interval(values: np.ndarray) -> Interval:
    low, high = interval_of(lambda drawn: float(values[drawn].mean()), len(values))
    return max(low, -1.0), min(high, 1.0)  # differences of shares


def _overall(rows: Sequence[Rows], found: dict[str, Prompts], heads: int) -> tuple[float, Interval]:
    """Mean over concepts of the area between the orders, and its interval over prompts."""
    table = np.full((len(rows), len(found)), np.nan)
    for column, concept in enumerate(found):
        has = [i for i, row in enumerate(rows) if concept in row["settings"][0]["shown"][0]]
        table[has, column] = _areas(found[concept], heads)["orders"]

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
        "others in the same pictures"
        if seen
        else "That any concept loses more in MoRHF than the others in the same pictures is not seen"
    )
    return text + (f"; the others lose more for {', '.join(wrong)}." if wrong else ".")


def _factor_sentences(rows: Sequence[Rows], found: dict[str, Prompts]) -> list[str]:
    """Whether a factor below 0 takes more than factor 0, over all concepts and prompts."""
    gaps: dict[int, list[float]] = {}
    for concept, prompts in found.items():
        has = [i for i, row in enumerate(rows) if concept in row["settings"][0]["shown"][0]]
        for number, prompt in zip(has, prompts, strict=True):
            curve = prompt.get("factors", {})
            if 0.0 in curve and FACTOR in curve:
                gaps.setdefault(number, []).append(float(curve[0.0][0] - curve[FACTOR][0]))
    if not gaps:
        return []
    values = np.array([np.mean(one) for one in gaps.values()])
    interval = _area_interval(values)
    said = {
        "yes": "As in the paper, -2 removes more than 0",
        "no": "That -2 removes more than 0 is not seen here",
        "reversed": "Against the paper, 0 removes more than -2",
    }[verdict(interval)]
    return [f"{said}: {points(float(values.mean()), interval)} of the pictures."]


def _area_table(
    found: dict[str, Prompts], areas: dict[str, dict[str, np.ndarray]], heads: int
) -> dict[str, Any]:
    header = ["concept", "prompts", "LeRHF - MoRHF", "random - MoRHF", "own - others lost"]
    shares = [n for n in next(iter(found.values()))[0]["LeRHF"] if 0.08 < n / heads < 0.22]
    header += [f"own / others at {n} heads, MoRHF" for n in shares]
    rows = []
    for concept, prompts in found.items():
        cells = [concept, str(len(prompts))]
        for values in areas[concept].values():
            low, high = _area_interval(values)
            known = f"[{low:+.2f}, {high:+.2f}]" if len(values) > 1 else "(one prompt)"
            cells.append(f"{values.mean():+.2f} {known}")
        for n in shares:
            left = np.mean([p["MoRHF"][n] for p in prompts], axis=0)
            cells.append(f"{percent(left[0], 0)} / {percent(left[1], 0)}")
        rows.append(cells)
    return {"title": "Areas (share of heads 0 to 1)", "header": header, "rows": rows}


def _factor_table(found: dict[str, Prompts]) -> dict[str, Any]:
    curves = {c: _mean([p["factors"] for p in prompts]) for c, prompts in found.items()}
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
    """name -> rows [x, own, others], the mean over prompts."""
    return {
        name: [[x, *map(float, pair)] for x, pair in _mean([p[name] for p in prompts]).items()]
        for name in prompts[0]
    }


def _mean(curves: list[dict[float, np.ndarray]]) -> dict[float, np.ndarray]:
    return {x: np.mean([curve[x] for curve in curves], axis=0) for x in curves[0]}
