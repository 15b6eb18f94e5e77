"""Shares of images with both objects, by method, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import (
    mean_interval,
    percent,
    points,
    share_interval,
    spread,
    verdict,
)
from ..experiment import Summary, Table
from .attention_summary import finding as attention_finding
from .objects import ObjectsRow

NAMED, BOTH, RIGHT = "named objects", "both objects", "both objects and both colours"
MEASURES = (NAMED, BOTH, RIGHT)
COMPARED = (("A&E", "plain"), ("A&E-HRV", "plain"), ("A&E-HRV", "A&E"))
CAPTIONS = {
    "multi_object_shares.png": "Share of the named objects that are there, and of images with "
    "both objects, and with both colours too; 95% intervals over prompts.",
    "multi_object_pictures.png": "The first images of the first prompts, the same noise in each "
    "column.",
}


class Share(TypedDict):
    """A share, or a difference of two, with its 95% interval over prompts."""

    share: float
    interval: list[float]


Measures = dict[str, Share]
"""One of `MEASURES` -> its share."""


class Data(TypedDict):
    """Method -> its shares and seconds per image; kept: prompt -> method -> images as text."""

    shares: dict[str, Measures]
    seconds: dict[str, float]
    kept: dict[str, dict[str, list[str]]]


def summarise(rows: Sequence[ObjectsRow], methods: Sequence[str]) -> Summary[Data]:
    """The table, the paired differences, and what they say."""
    values = {method: _values(rows, method) for method in methods}
    prompts = [row["prompt"] for row in rows for _ in row["methods"][methods[0]]["pictures"]]
    shares = {
        method: {name: _share(found[name], prompts) for name in MEASURES}
        for method, found in values.items()
    }
    gains = {
        f"{better} over {than}": {
            name: _gain(values[better][name], values[than][name], prompts) for name in MEASURES
        }
        for better, than in COMPARED
    }
    seconds = {m: float(np.mean([r["methods"][m]["seconds"] for r in rows])) for m in methods}
    swept = sweep(rows, methods)
    return Summary(
        ours=_ours(shares, len(rows), len(prompts)),
        interval=shares["A&E-HRV"][RIGHT]["interval"],
        sentence=_sentence(gains["A&E-HRV over A&E"]),
        findings=[
            _finding("A&E", gains["A&E over plain"]),
            _finding("A&E-HRV", gains["A&E-HRV over plain"]),
            _forgets(shares["plain"]),
            *([_settings(swept, _tried(rows, methods))] if swept else []),
            *attention_finding(rows),
        ],
        tables=[
            _table(shares, seconds),
            _differences("Differences, prompt by prompt with the same noise", gains),
            *(
                [_differences("Other settings, over plain, on the first prompts", swept)]
                if swept
                else []
            ),
        ],
        captions=CAPTIONS,
        data={"shares": shares, "seconds": seconds, "kept": _kept(rows, methods)},
    )


def _ours(shares: dict[str, Measures], prompts: int, images: int) -> str:
    right = {method: percent(found[RIGHT]["share"]) for method, found in shares.items()}
    return (
        f"A&E-HRV {right['A&E-HRV']}, A&E {right['A&E']}, plain {right['plain']} with both objects "
        f"and both colours ({prompts} prompts, {images} images each); interval: of A&E-HRV"
    )


def _kept(rows: Sequence[ObjectsRow], methods: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    kept = [row for row in rows if row["methods"][methods[0]]["kept"]]
    return {row["prompt"]: {m: row["methods"][m]["kept"] for m in methods} for row in kept}


def _values(rows: Sequence[ObjectsRow], method: str) -> dict[str, list[float]]:
    images = [image for row in rows for image in row["methods"][method]["pictures"]]
    return {
        NAMED: [sum(p[:2]) / 2 for p in images],
        BOTH: [float(all(p[:2])) for p in images],
        RIGHT: [float(all(p)) for p in images],
    }


def sweep(rows: Sequence[ObjectsRow], methods: Sequence[str]) -> dict[str, Measures]:
    """Gains over plain of the settings that only some prompts have, and of both methods there."""
    mine = [row for row in rows if len(row["methods"]) > len(methods)]
    if not mine:
        return {}
    prompts = [row["prompt"] for row in mine for _ in row["methods"]["plain"]["pictures"]]
    plain = _values(mine, "plain")
    found = {}
    for method in [name for name in mine[0]["methods"] if name != "plain"]:
        values = _values(mine, method)
        found[method] = {name: _gain(values[name], plain[name], prompts) for name in MEASURES}
    return found


def _tried(rows: Sequence[ObjectsRow], methods: Sequence[str]) -> int:
    """How many prompts have the other settings too."""
    return sum(len(row["methods"]) > len(methods) for row in rows)


def _share(values: list[float], prompts: list[str]) -> Share:
    return {"share": float(np.mean(values)), "interval": list(share_interval(values, prompts))}


def _gain(better: list[float], than: list[float], prompts: list[str]) -> Share:
    gains = [a - b for a, b in zip(better, than, strict=True)]
    return {"share": float(np.mean(gains)), "interval": list(mean_interval(gains, prompts))}


def _told(gain: Share) -> str:
    return points(gain["share"], (gain["interval"][0], gain["interval"][1]))


def _sentence(gains: Measures) -> str:
    gain = gains[RIGHT]
    told = {
        "yes": "As in the paper, A&E-HRV makes more images right than A&E",
        "no": "That A&E-HRV makes more images right than A&E is not seen here",
        "reversed": "Unlike in the paper, A&E-HRV makes fewer images right than A&E",
    }[verdict((gain["interval"][0], gain["interval"][1]))]
    return (
        f"{told}: {_told(gain)} with both objects and both colours ({_told(gains[BOTH])} with "
        "both objects)."
    )


def _finding(name: str, gains: Measures) -> str:
    """What a method does to the objects, and to the objects with their colours."""
    told = []
    for measure in (BOTH, RIGHT):
        gain = gains[measure]
        how = {"yes": "more", "no": "no clear change in the", "reversed": "fewer"}
        seen = how[verdict((gain["interval"][0], gain["interval"][1]))]
        told.append(f"{seen} images with {measure} ({_told(gain)})")
    return f"Against plain sampling, {name}: {told[0]}; {told[1]}."


def _forgets(plain: Measures) -> str:
    return (
        f"Plain, the model misses at least one of the two objects in "
        f"{percent(1 - plain[BOTH]['share'])} of the images and shows "
        f"{2 * plain[NAMED]['share']:.2f} of 2 on average: what can be gained at most."
    )


def _settings(swept: dict[str, Measures], prompts: int) -> str:
    """What every setting clearly does to both objects."""
    how = {"yes": "helps", "no": "no clear change", "reversed": "harms"}
    told = [
        f"{name} {how[verdict((low, high))]} ({points(gain['share'], (low, high))})"
        for name, gain in ((name, gains[BOTH]) for name, gains in swept.items())
        for low, high in [gain["interval"]]
    ]
    return f"Both objects by setting, against plain, {prompts} prompts: {'; '.join(told)}."


def _table(shares: dict[str, Measures], seconds: dict[str, float]) -> Table:
    rows = []
    for method, found in shares.items():
        cells = [
            f"{percent(one['share'])} {spread((one['interval'][0], one['interval'][1]))}"
            for one in found.values()
        ]
        rows.append([method, *cells, f"{seconds[method]:.2f}"])
    return {
        "title": "Images as the judge sees them; intervals over prompts",
        "header": ["method", *MEASURES, "s per image"],
        "rows": rows,
    }


def _differences(title: str, gains: dict[str, Measures]) -> Table:
    return {
        "title": title,
        "header": ["", *MEASURES],
        "rows": [[name, *(_told(one) for one in found.values())] for name, found in gains.items()],
    }
