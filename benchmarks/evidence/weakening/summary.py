"""What ordered weakening shows, from its raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, get_args

import numpy as np

from ...framework.statistics import Finding, Interval, finding, percent, points, verdict
from ..experiment import Summary, Table
from . import single_heads_summary as single_heads
from .batches import TOKENS
from .curves import PLAIN, Areas, Outcomes, Way, areas, mean_of, outcomes, overall
from .factors import factor_sentences, factor_table, factors
from .orders import OrdersRow
from .prompts import WEAKENED
from .single_heads import SingleHeadsRow
from .specificity import specificity_points, specificity_sentences, specificity_table

NAMES = {"voted": "votes", "measured": "measured vectors"}
"""Source -> what the page calls it."""
Found = dict[str, dict[str, Areas]]
"""Source -> concept -> its areas."""
CAPTIONS = {
    "weakening.png": "How much of each concept is still shown in images whose prompts name it, "
    "less its floor, over the share of weakened heads (factor -2); below 0 the image is turned "
    "away from what was named. Red: by measured vectors; blue: by votes; full: most relevant heads "
    "first, dashed: least relevant first; grey: random.",
    "weakening-matrix.png": "What each concept (column) loses when heads are weakened in the order "
    "of another (row), most relevant first, on average over the numbers of heads but all; in "
    "points, less the floor. Above 100 other images begin to show it.",
    "weakening-specific.png": "What is left of the weakened concept against what is left of the "
    "others in the same images, less the floor, by share of the heads; a small mark for each "
    "concept, a large one for their mean. Best is the upper left.",
    "weakening-factors.png": "Rescaling the most relevant tenth of the heads, by votes, by other "
    "factors; 1 changes nothing. Full: the concept itself; dashed: the mean of the others.",
}


class Data(TypedDict):
    """What figures show. curves: concept -> "source, order" -> rows [share of heads, left]; matrix:
    source -> (by, concept) losses; factors: concept -> rows [factor, own, others]; specific: see
    `specificity_points`."""

    concepts: list[str]
    curves: dict[str, dict[str, list[list[float]]]]
    matrix: dict[str, list[list[float]]]
    factors: dict[str, list[list[float]]]
    specific: dict[str, dict[str, list[list[float]]]]


def summarise(rows: Sequence[OrdersRow], alone: Sequence[SingleHeadsRow]) -> Summary[Data]:
    """Areas between orders by votes, by measured vectors and at random, and what goes with them."""
    found = outcomes(rows)
    sources = [name for name in NAMES if found.counts(name)]
    by_source = {s: {c: areas(found, s, c) for c in WEAKENED} for s in sources}
    single, swept = single_heads.alone(alone), factors(found)
    return Summary(
        ours=_ours(by_source),
        sentence="; ".join(_sentence(s, each) for s, each in by_source.items()) + ".",
        findings=[
            _counts(found, _random_orders(rows)),
            *_against_votes(by_source),
            *(_specific(found, source, each) for source, each in by_source.items()),
            *specificity_sentences(found),
            *(_unseen(found, source, each) for source, each in by_source.items()),
            *_tokens(found),
            *factor_sentences(found, swept),
            *single_heads.findings(single),
        ],
        tables=[
            _area_table(by_source),
            *(_matrix_table(found, source) for source in sources),
            *specificity_table(found),
            *factor_table(swept),
            *single_heads.tables(single),
        ],
        captions=CAPTIONS,
        data={
            "concepts": list(WEAKENED),
            "curves": {c: _curves(found, sources, c) for c in WEAKENED},
            "matrix": {source: _matrix(found, source).tolist() for source in sources},
            "factors": {c: curve.tolist() for c, curve in swept.items()},
            "specific": specificity_points(found),
        },
    )


def said(one: Areas) -> Finding:
    """As in the paper: lost later with the least relevant heads first than with the most relevant
    first, and earlier with these than in random orders; weaker: the first alone."""
    return finding(mean_of(one.orders)[1], as_large=mean_of(one.random)[1][0] > 0)


def _ours(by_source: Found) -> str:
    told = []
    for source, each in by_source.items():
        mean, interval = overall([one.orders for one in each.values()])
        told.append(f"{NAMES[source]} {mean:.2f} {_ends(interval)}")
    first = next(iter(by_source.values()), {})
    drawn, interval = overall([one.drawn for one in first.values()])
    told.append(f"random orders {drawn:.2f} {_ends(interval)}")
    return (
        "mean area between the orders (presence less its floor, times share of heads), over "
        f"{len(WEAKENED)} concepts: {', '.join(told)}"
    )


def _sentence(source: str, each: dict[str, Areas]) -> str:
    groups: dict[Finding, list[str]] = {kind: [] for kind in get_args(Finding)}
    for concept, one in each.items():
        groups[said(one)].append(concept)
    told = [f"{kind}: {', '.join(names)}" for kind, names in groups.items() if names]
    ordered = len(groups["as in the paper"])
    return f"By {NAMES[source]} {ordered} of {len(each)} as in the paper ({'; '.join(told)})"


def _random_orders(rows: Sequence[OrdersRow]) -> int:
    every = (one for row in rows for one in row["settings"])
    return len({one["seed"] for one in every if one["order"] == "reversed"})


def _counts(found: Outcomes, drawn: int) -> str:
    shares = ", ".join(percent(n / found.heads, 0) for n in found.counts("random"))
    return (
        f"{len(found.prompts)} prompts that name every concept, an image each, with {shares} and "
        f"all of the heads weakened; {drawn} random orders, each also reversed (intervals are over "
        "prompts and know nothing of the draw of orders). The floor that is subtracted is how "
        "often an equally weakened image shows the named value when its prompt names another: what "
        "the model draws anyway counts nothing. As in the paper: lost earlier in MoRHF than in "
        "LeRHF, and than in random orders; weaker: the first alone."
    )


def _against_votes(by_source: Found) -> list[str]:
    if len(by_source) < len(NAMES):
        return []
    voted, measured = (by_source[name] for name in NAMES)
    gap, interval = overall([measured[c].orders - voted[c].orders for c in WEAKENED])
    told = {
        "yes": "order the heads better than votes",
        "no": "and votes do not differ clearly",
        "reversed": "order the heads worse than votes",
    }[verdict(interval)]
    return [f"Measured vectors {told}: mean area {gap:+.2f} {_ends(interval)} over the concepts."]


def _specific(found: Outcomes, source: str, each: dict[str, Areas]) -> str:
    """Whether a concept's order takes that concept: against other orders, and other concepts."""
    matrix = _matrix(found, source)
    apart = ~np.eye(len(matrix), dtype=bool)
    return (
        f"By {NAMES[source]} a concept loses more in its own order than in those of the others for "
        f"{_clear({c: one.own for c, one in each.items()})}; in its own order it loses more than "
        "the other concepts of the same images for "
        f"{_clear({c: one.beside for c, one in each.items()})}. Mean loss "
        f"{100 * np.diagonal(matrix).mean():.0f} points in the own order, "
        f"{100 * matrix[apart].mean():.0f} in another."
    )


def _clear(values: dict[str, np.ndarray]) -> str:
    """For how many concepts values (prompts,) are clearly above 0, and which are not."""
    rest = [c for c, one in values.items() if verdict(mean_of(one)[1]) != "yes"]
    but = f" (not {', '.join(rest)})" if rest else ""
    return f"{len(values) - len(rest)} of {len(values)}{but}"


def _unseen(found: Outcomes, source: str, each: dict[str, Areas]) -> str:
    """Areas of the concepts in prompts whose words are none of the concept-words."""
    known, unseen = list[np.ndarray](), list[np.ndarray]()
    for concept, one in each.items():
        held = np.array([concept in named["unseen"] for named in found.prompts.values()])
        if np.isfinite(one.orders[held]).any():
            unseen.append(np.where(held, one.orders, np.nan))
            known.append(np.where(held, np.nan, one.orders))
    if not unseen:
        return f"No words were held out from the {NAMES[source]}."
    (old, old_ends), (new, new_ends) = overall(known), overall(unseen)
    return (
        f"Generalisation by {NAMES[source]}, words that are no concept-words (table 5's "
        f"asterisks): {finding(new_ends)}, area {new:+.2f} {_ends(new_ends)}, with concept-words "
        f"{old:+.2f} {_ends(old_ends)}."
    )


def _tokens(found: Outcomes) -> list[str]:
    """What is left with the maps of the words, of EOT and padding, or of both at 0."""
    told = []
    for tokens in TOKENS:
        way = Way("random", "", "random", found.heads, 0.0, tokens)
        if way in found.seen:
            mean, interval = overall([found.left(way, c) for c in WEAKENED])
            told.append(f"{tokens} {mean:.2f} {_ends(interval)}")
    plain, _ = overall([found.left(PLAIN, concept) for concept in WEAKENED])
    return [
        f"What the special tokens carry: presence less its floor, {plain:.2f} plain, with all "
        f"heads' maps at 0 of {'; '.join(told)}."
    ] * bool(told)


def _curves(found: Outcomes, sources: Sequence[str], concept: str) -> dict[str, list[list[float]]]:
    wanted = {f"{s}, {o}": (s, concept, o) for s in sources for o in ("MoRHF", "LeRHF")}
    wanted |= {"random": ("random", "", "random")}
    curves = dict[str, list[list[float]]]()
    for name, (source, by, order) in wanted.items():
        shares = [0, *(n / found.heads for n in found.counts(source)), 1]
        left = np.nanmean(found.curve(source, by, order, concept), axis=1)
        curves[name] = np.stack([shares, left], axis=1).tolist()
    return curves


def _matrix(found: Outcomes, source: str) -> np.ndarray:
    """(by, concept): mean loss of each concept in each order."""
    return np.array([[np.nanmean(found.lost(source, by, c)) for c in WEAKENED] for by in WEAKENED])


def _ends(interval: Interval) -> str:
    return f"[{interval[0]:+.2f}, {interval[1]:+.2f}]"


def _told(values: np.ndarray) -> str:
    mean, interval = mean_of(values)
    return f"{mean:+.2f} {_ends(interval)}"


def _area_table(by_source: Found) -> Table:
    lines = []
    for source, each in by_source.items():
        for concept, one in each.items():
            count = int(np.isfinite(one.orders).sum())
            cells = [_told(v) for v in (one.orders, one.random, one.drawn)]
            lost = [points(*mean_of(values)) for values in (one.own, one.beside)]
            lines.append([concept, NAMES[source], str(count), *cells, *lost, said(one)])
    return {
        "title": "Areas over the share of heads, 0 to 1; random reversed - random is table 6's "
        "statistic of random orders; own order - others': what the concept loses, MoRHF; own - "
        "other concepts: in its own order",
        "header": [
            "concept",
            "by",
            "prompts",
            "LeRHF - MoRHF",
            "random - MoRHF",
            "random reversed - random",
            "own order - others'",
            "own - other concepts",
            "verdict",
        ],
        "rows": lines,
    }


def _matrix_table(found: Outcomes, source: str) -> Table:
    lines = [
        [by, *(f"{100 * value:+.0f}" for value in losses)]
        for by, losses in zip(WEAKENED, _matrix(found, source), strict=True)
    ]
    return {
        "title": f"By {NAMES[source]}: order of (row) -> loss of (column), in points",
        "header": ["order of", *WEAKENED],
        "rows": lines,
    }
