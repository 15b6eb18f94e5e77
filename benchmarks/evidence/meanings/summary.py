"""What the two-meaning words show, from their raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import percent, points, spread, verdict
from ..experiment import Summary, Table
from .head_effects import EffectsRow
from .head_effects_summary import heads_table, why
from .images import (
    COUNTED,
    MISREAD,
    PAPER,
    Change,
    Images,
    Rates,
    cells,
    change,
    chosen,
    images_of,
    of_methods,
    paired,
    rates_of,
    shares_of,
)
from .methods import CLEAR, METHODS, PLAIN, MethodsRow
from .other_hrvs import VariantRow
from .sources import EQUAL, PASSES, REFINED_ON
from .sources import IMAGES as ON
from .strengths import SWEPT, StrengthsRow
from .variants import VARIANTS

VOTED, MEASURED = SWEPT
"""The paper's method, and the pack's own."""
BY_WORD = (PLAIN, CLEAR, VOTED, MEASURED)
MORE = ("refined word", "measured concepts")
ASKED = {
    VOTED + EQUAL: "votes drawn in to the size that the measured word has",
    f"{MEASURED}, heads shuffled": "the measured word's factors at heads drawn by lot, a control",
    "measured concepts": "vectors measured for the two meanings' concepts instead of the word",
    "measured concepts" + EQUAL: "these drawn to the size of the measured word",
    "refined word": "the measured word refined by further passes",
    "refined word" + EQUAL: "the refined word drawn to the size of one pass",
    "strengthen by votes": "Concept Strengthen by the votes for the wanted meaning's concept",
    "strengthen by measured concepts": "Concept Strengthen by that concept's measured vector",
}
"""Method -> what it asks."""
PAIRS = (
    ("refined word", MEASURED),
    ("refined word" + EQUAL, MEASURED),
    ("strengthen by measured concepts", "strengthen by votes"),
)
"""One method against another on the same prompts."""
HEADER = (MISREAD, "right", "other meaning", "both", "neither")
CAPTIONS = {
    "meanings.png": "What the images show of the wanted and the other meaning, over all words and "
    "both directions; all but green is misread. Plain images count for both directions, so that "
    "green and red are equal there.",
    "meanings-strength.png": "How hard to steer: r - 1 times a strength, the bare words. Dotted: "
    "plain.",
    "meanings-words.png": "Misread images by word and direction.",
    "meanings-heads.png": "Every head: its effect on the word's meaning as the judge sees it (log "
    "odds of the second meaning per unit of the factor) against what votes and what the gradients "
    "of HRV Measure say of it.",
}


class Data(TypedDict):
    """What figures show: rates by method and by word and direction; strengths: method -> rows
    [strength, misread, right, other meaning]; effects: word -> for each head the difference of
    votes, the gradient, and the judged effect."""

    rates: dict[str, Rates]
    words: dict[str, dict[str, float]]
    strengths: dict[str, list[list[float]]]
    effects: dict[str, list[list[float]]]


def summarise(
    rows: Sequence[MethodsRow],
    swept: Sequence[StrengthsRow],
    others: Sequence[VariantRow],
    tried: Sequence[EffectsRow],
) -> Summary[Data]:
    """Misread by method, and against plain, with intervals over words."""
    images = of_methods(rows)
    plain = chosen(images, PLAIN)
    if not plain:
        raise ValueError("No word is done yet.")
    done = [method for method in METHODS if chosen(images, method)]
    rates = {method: rates_of(chosen(images, method)) for method in done}
    changes = {m: change(chosen(images, m), plain) for m in done if m != PLAIN}
    strengths = _strengths(swept, images)
    return Summary(
        ours=_ours(rates),
        sentence=_sentence(changes),
        findings=[
            _task(rows, rates),
            *_findings(changes),
            *_measured_on(done),
            *_pairs(images),
            *why(tried),
        ],
        tables=[
            _methods_table(images, rates, changes, _sizes(rows)),
            _words_table(images),
            *_strengths_table(strengths),
            *_others_table(others),
            *heads_table(tried),
        ],
        captions=CAPTIONS,
        data={
            "rates": rates,
            "words": _by_word(images),
            "strengths": strengths,
            "effects": {
                row["word"]: [row["votes"], row["gradient"], row["effects"]] for row in tried
            },
        },
    )


def _ours(rates: dict[str, Rates]) -> str:
    shares = {name: rates[name][MISREAD] for name in (*BY_WORD, *MORE) if name in rates}
    told = (f"{name} {percent(share)} {spread(ends)}" for name, (share, *ends) in shares.items())
    return f"misread: {', '.join(told)}"


def _told(change: Change) -> str:
    low, high = change.ratio_interval
    return (
        f"{points(change.difference, change.interval)} against plain, times {change.ratio:.2f} "
        f"[{max(low, 0):.2f}, {high:.2f}], in the paper times {PAPER:.2f}"
    )


def _sentence(changes: dict[str, Change]) -> str:
    """The paper's method first, then the pack's own, each by its rule."""
    known = [
        ("Concept Adjust by votes, the paper's method", changes.get(VOTED)),
        ("Concept Adjust by the measured word", changes.get(MEASURED)),
    ]
    texts = [f"{name}: {one.said} ({_told(one)})" for name, one in known if one]
    return "; ".join(texts) + "." if texts else "No steering is done yet."


def _task(rows: Sequence[MethodsRow], rates: dict[str, Rates]) -> str:
    prompts = {(row["word"], *sorted(row["context"].items())) for row in rows}
    words = {row["word"] for row in rows}
    clear = f" ({percent(rates[CLEAR][MISREAD][0])} misread)" if CLEAR in rates else ""
    return (
        "Misread is counted as in appendices D.1 and D.2 of the paper: all images but those that "
        "show the wanted meaning and not the other. "
        f"{len(words)} words in {len(prompts)} prompts, {len(rows[0]['seeds'])} images for each "
        "prompt and direction; intervals are over words. The task differs from the paper's: the "
        "bare word leaves its meaning open, where the paper's prompts say what is meant; nearest "
        f"to those is the clear prompt{clear}. Words are measured alone, from other seeds, and "
        "steered in all their prompts."
    )


def _findings(changes: dict[str, Change]) -> list[str]:
    """Equal size, control and concepts, each by the same rule."""
    told = [
        f"{text}: {one.said} ({_told(one)})"
        for method, text in ASKED.items()
        if (one := changes.get(method))
    ]
    return [f"Is misreading lowered, by the same rule? {'; '.join(told)}."] if told else []


def _measured_on(done: Sequence[str]) -> list[str]:
    """On how many images and passes one step and the refined word rest, where both are told."""
    return [
        f"The measured word is one pass over {ON} images; the refined word {PASSES} passes over "
        f"{REFINED_ON} for each direction: {PASSES * REFINED_ON / ON:.1f} times as many samplings, "
        "of fewer different images."
    ] * ({MEASURED, "refined word"} <= set(done))


def _pairs(images: Images) -> list[str]:
    """Fewer or more misread where the paired interval over words is clear of 0."""
    told = []
    for one, other in PAIRS:
        first, second = chosen(images, one), chosen(images, other)
        if {image.prompt for image in first} & {image.prompt for image in second}:
            gap, interval = paired(first, second)
            said = {"yes": "more misread", "no": "no clear difference", "reversed": "less misread"}
            told.append(f"{one} minus {other}: {said[verdict(interval)]}, {points(gap, interval)}")
    return [f"On the same prompts, misread: {'; '.join(told)}."] if told else []


def _sizes(rows: Sequence[MethodsRow]) -> dict[str, float]:
    """Method -> the mean sum of |r - 1|."""
    found: dict[str, list[float]] = {}
    for row in rows:
        for one in row["found"]:
            found.setdefault(one["method"], []).append(one["size"])
    return {method: float(np.mean(sizes)) for method, sizes in found.items()}


def _methods_table(
    images: Images, rates: dict[str, Rates], changes: dict[str, Change], sizes: dict[str, float]
) -> Table:
    lines = []
    for name, rate in rates.items():
        one = changes.get(name)
        against = [points(one.difference, one.interval), one.said] if one else ["", ""]
        against[1] = "" if name == CLEAR else against[1]
        size = f"{sizes[name]:.1f}" if sizes[name] else ""
        prompts = str(len({image.prompt for image in chosen(images, name)}))
        lines.append([name, prompts, size, *cells(rate), *against])
    return {
        "title": "What images show, both directions of all words, on the prompts done so far; "
        "size: the sum over heads of |r - 1|; “lowers misreading” by the rule",
        "header": [
            "method",
            "prompts",
            "size",
            *HEADER,
            "misread against plain",
            "lowers misreading",
        ],
        "rows": lines,
    }


def _by_word(images: Images) -> dict[str, dict[str, float]]:
    """ "word direction" -> method -> misread."""
    found: dict[str, dict[str, float]] = {}
    for word, desired in dict.fromkeys((i.word, i.desired) for i in images):
        mine = [i for i in images if (i.word, i.desired) == (word, desired)]
        methods = dict.fromkeys(i.method for i in mine)
        found[f"{word} {desired}"] = {m: shares_of(chosen(mine, m), [MISREAD])[0] for m in methods}
    return found


def _words_table(images: Images) -> Table:
    by_word = _by_word(images)
    methods = [m for m in METHODS if any(m in found for found in by_word.values())]
    return {
        "title": "Misread by word and direction (0: first meaning wanted, 1: second)",
        "header": ["word", *methods],
        "rows": [
            [word, *(percent(found[m], 0) if m in found else "" for m in methods)]
            for word, found in by_word.items()
        ],
    }


def _strengths(rows: Sequence[StrengthsRow], images: Images) -> dict[str, list[list[float]]]:
    """Method -> rows [strength, misread, right, other meaning], on the bare words; 0 is plain."""
    if not rows:
        return {}
    prompts = {(row["word"], *sorted(row["context"].items())) for row in rows}
    bare = [image for image in images if image.prompt in prompts]
    names, curves = COUNTED[:3], dict[str, list[list[float]]]()
    for method in SWEPT:
        by_strength = {0.0: chosen(bare, PLAIN), 1.0: chosen(bare, method)}
        for row in rows:
            for one in (one for one in row["found"] if one["method"] == method):
                known = by_strength.setdefault(one["strength"], [])
                known += images_of(row["word"], row["context"], one)
        curves[method] = [[s, *shares_of(i, names)] for s, i in sorted(by_strength.items()) if i]
    return curves


def _strengths_table(curves: dict[str, list[list[float]]]) -> list[Table]:
    if not curves:
        return []
    rows = [
        [name, f"{x:g}", *(percent(share) for share in shares)]
        for name, curve in curves.items()
        for x, *shares in curve
    ]
    header = ["method", "strength", *HEADER[:3]]
    return [{"title": "r - 1 times a strength, the bare words", "header": header, "rows": rows}]


def _others_table(rows: Sequence[VariantRow]) -> list[Table]:
    if not rows:
        return []
    lines = []
    for row in rows:
        images = [i for one in row["found"] for i in images_of(one["word"], one["context"], one)]
        told = VARIANTS[row["variant"]].told
        lines.append([f"{row['variant']}: {told}", *cells(rates_of(images))])
    title = "Concept Adjust with HRVs voted in other ways (80 prompts), the bare words"
    return [{"title": title, "header": ["voted with", *HEADER], "rows": lines}]
