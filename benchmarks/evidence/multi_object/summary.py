"""Shares of images with both objects, by method, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....hrv.relevance import Kind
from ...framework.statistics import Interval, finding, percent, verdict
from ..experiment import Summary
from . import moved, tables
from .attention_summary import finding as attention_finding
from .objects import EXCITE, HARD, Method, ObjectsRow
from .outcomes import BOTH, MEASURES, RIGHT, Gain, Outcomes, joined
from .tables import Data

CAPTIONS = {
    "multi_object_shares.png": "Hard prompts: images with both objects, and with both colours too, "
    "by method; 95% intervals over prompts.",
    "multi_object_moves.png": "Hard prompts: how far the latent was moved in all (root mean "
    "square, the noise has 1) against the images with both objects; dashed: plain sampling.",
    "multi_object_pictures.png": "The first images of the hardest prompts, the same noise in each "
    "column.",
}


def summarise(rows: Sequence[ObjectsRow]) -> Summary[Data]:
    """The table, the paired differences, and what they say."""
    rows = joined(rows)
    excited = [row for row in rows if row["methods"]]
    hard = [row for row in excited if row["missed"] >= HARD]
    if not hard:
        raise ValueError(
            f"No prompt of {len(rows)} is hard: plain sampling shows both objects too often."
        )
    found, every = Outcomes(hard), Outcomes(excited)
    names = ("plain", EXCITE.name, *(Method(name).name for name in found.vectors))
    told = ", ".join(f"{name} {percent(found.share(name, BOTH).mean)}" for name in names)
    return Summary(
        ours=f"both objects on hard prompts: {told} ({len(hard)} prompts, {found.images} images "
        "each); interval: of A&E-HRV with voted vectors",
        interval=list(found.share(Method("voted").name, BOTH).interval),
        sentence=_sentence(found),
        findings=[
            _rule(rows, hard, excited),
            _control(found),
            *(_matched(found, name) for name in found.vectors),
            *moved.findings(every),
            *attention_finding(excited),
        ],
        tables=[
            tables.shares(found, "Hard prompts"),
            tables.gains(found, "Hard prompts: differences with the same noise, over prompts"),
            tables.rescues(every),
            moved.table(every),
        ],
        captions=CAPTIONS,
        data=tables.data(found, hard),
    )


def _rule(
    rows: Sequence[ObjectsRow], hard: Sequence[ObjectsRow], excited: Sequence[ObjectsRow]
) -> str:
    missed = np.mean([row["missed"] for row in rows])
    return (
        "The rules, fixed before the run: a prompt is hard where plain sampling of other seeds "
        f"misses an object in at least {percent(HARD, 0)} of the images; {len(hard)} of "
        f"{len(rows)} prompts are (of all screened images {percent(float(missed))} miss one). "
        "Seen, where on hard prompts A&E-HRV at the published strength makes more images right, "
        "both objects and both colours, than A&E; as in the paper, where it makes more right than "
        "plain sampling too, and weaker where it does not. "
        f"Rescue and damage also count {len(excited) - len(hard)} prompts that are not hard."
    )


def _sentence(found: Outcomes) -> str:
    parts = []
    for name in found.vectors:
        gain = found.gain(Method(name).name, EXCITE.name, RIGHT)
        both = found.gain(Method(name).name, EXCITE.name, BOTH)
        plain = found.gain(Method(name).name, "plain", RIGHT)
        told = finding(gain.interval, verdict(plain.interval) == "yes")
        parts.append(
            f"By {name} vectors {told}: against A&E {gain.told} with both objects and "
            f"both colours, {both.told} with both objects; against plain sampling {plain.told} "
            "with both objects and both colours."
        )
    return " ".join(parts)


def _control(found: Outcomes) -> str:
    """Whether the test could see an effect at all."""
    gains = {measure: found.gain(EXCITE.name, "plain", measure) for measure in MEASURES[1:]}
    says = {
        "yes": "A&E itself helps here, so the test can see an effect",
        "no": "A&E itself does not clearly help here, so the test has no positive control",
        "reversed": "A&E itself harms here, so the test has no positive control",
    }[verdict(gains[BOTH].interval)]
    told = ", ".join(f"{gain.told} with {measure}" for measure, gain in gains.items())
    return f"Positive control: {says} (against plain, {told})."


def _matched(found: Outcomes, name: Kind) -> str:
    """A&E-HRV where it moves the latent as far as A&E, with all heads and with one map size."""
    told = []
    for method in (Method(name, matched=True), Method(name, one_size=True)):
        gain = found.gain(method.name, EXCITE.name, BOTH)
        far = found.path(method.name) / max(found.path(EXCITE.name), 1e-9)
        what = (
            "by the heads of the compared map size alone"
            if method.one_size
            else "with the strength that should move the latent as far as A&E does"
        )
        told.append(f"{what} {_how(gain)} ({gain.told}; moved {far:.2f} times as far)")
    return f"A&E-HRV, {name} vectors, both objects against A&E: {'; '.join(told)}."


def _how(gain: Gain) -> str:
    low_high: Interval = gain.interval
    return {"yes": "more", "no": "no clear difference", "reversed": "fewer"}[verdict(low_high)]
