"""What the experiment on broken HRVs found, in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ..experiment import Summary, Table
from .agreement import Agreement, Kinship, agreement_by_count, kinship
from .areas import Area, Areas, areas
from .sets import INSTRUMENTS, SetRow, VotesRow
from .weakening import MEASURES, WeakenRow

SETTLED = 0.95
ALIKE = 0.02
"""Cosines within this count as equal."""
CLEAR = 0.03
"""Areas within this of 0 are not spoken of."""
CAPTIONS = {
    "breaking_prompts.png": "Cosine of HRVs from two disjoint lots of n prompts: mean of the "
    "concepts with the middle 95% of 40 draws, and the concept that agrees least.",
    "breaking_areas.png": "Ordered weakening by a good HRV of Color and by broken ones: share of "
    "images still right, least relevant heads first minus most relevant first, with 95% "
    "intervals over prompts.",
}


class Data(TypedDict):
    """agreement: None where no votes were counted."""

    agreement: Agreement | None
    kinship: Kinship
    areas: Areas


def summarise(
    votes: Sequence[VotesRow], compared: Sequence[SetRow], weakened: Sequence[WeakenRow]
) -> Summary[Data]:
    """Agreement by the number of prompts, kinship of concepts, and areas between orders."""
    each = [np.array(row["votes"]) for row in votes]
    agreement = agreement_by_count(np.concatenate(each)) if each else None
    kin, apart = kinship(compared), areas(weakened)
    good = apart.get("many prompts", {}).get("colours")
    return Summary(
        ours=_ours(agreement, good),
        sentence=_few(agreement, apart),
        findings=[_broad(kin, apart), _unknown(kin, apart)],
        tables=[
            *([_agreement_table(agreement)] if agreement else []),
            *([_areas_table(apart)] if apart else []),
            *([_kin_table(kin)] if kin else []),
        ],
        captions=CAPTIONS,
        data={"agreement": agreement, "kinship": kin, "areas": apart},
    )


def _told(area: Area) -> str:
    low, high = area["interval"]
    return f"{100 * area['area']:+.0f} points [{100 * low:+.0f}, {100 * high:+.0f}]"


def _ours(agreement: Agreement | None, good: Area | None) -> str:
    if not agreement:
        return "not measured"
    area = f"; area between weakening orders by a good HRV of Color {_told(good)}" if good else ""
    first, last = (f"{agreement['mean'][i]:.2f} with {agreement['counts'][i]}" for i in (0, -1))
    return f"cosine of HRVs from two lots of prompts: {first} each, {last} each{area}"


def _few(agreement: Agreement | None, areas: Areas) -> str:
    if not agreement:
        return "The number of prompts was not measured."
    pairs = zip(agreement["counts"], agreement["mean"], strict=True)
    enough = next((n for n, mean in pairs if mean >= SETTLED), None)
    settled = (
        f"Two lots of prompts agree to a cosine of {SETTLED} from {enough} prompts each on"
        if enough
        else f"Two lots of up to {agreement['counts'][-1]} prompts agree to less than {SETTLED}"
    )
    if not {"one prompt", "many prompts"} <= areas.keys():
        return f"{settled}."
    one, many = areas["one prompt"]["colours"], areas["many prompts"]["colours"]
    apart = one["interval"][1] < many["interval"][0]
    what = (
        "an HRV of Color from one prompt separates the weakening orders less"
        if apart
        else "that an HRV of Color from one prompt serves worse for weakening is not seen here"
    )
    return f"{settled}; {what} ({_told(one)} against {_told(many)} of the images)."


def _broad(kinship: Kinship, areas: Areas) -> str:
    if "broad" not in kinship or "Mixed" not in areas:
        return "A too broad concept was not measured."
    found = kinship["broad"]
    mixed, rest = found["Mixed"], {k: v for k, v in found.items() if k != "Mixed"}
    pairs = [c for v in rest.values() for other, c in v["each"].items() if other != "Mixed"]
    usual = sum(pairs) / len(pairs)
    nearer = "more like the others than they are like each other"
    if mixed["others"] <= usual + ALIKE:
        nearer = "not clearly more like the others than they are like each other"
    seen = _which(areas["Mixed"])
    return (
        f"Too broad: the HRV of words of six concepts is {nearer} (mean cosine "
        f"{mixed['others']:.2f}, among the others {usual:.2f}); between two lots of prompts it "
        f"agrees to {mixed['agreement']:.2f}. Weakening by it separates the orders in {seen}."
    )


def _unknown(kinship: Kinship, areas: Areas) -> str:
    if "unknown" not in kinship or INSTRUMENTS not in areas:
        return "An unknown concept was not measured."
    found = kinship["unknown"][INSTRUMENTS]
    known = [v["agreement"] for name, v in kinship["unknown"].items() if name != INSTRUMENTS]
    warns = (
        f"less than every known concept (at least {min(known):.2f}), which is a warning"
        if found["agreement"] < min(known)
        else f"no less than the least settled known one ({min(known):.2f}): no warning"
    )
    return (
        f"Unknown: a concept whose words the model has never seen ({INSTRUMENTS}) still gets "
        f"{found['votes']:.1%} of the votes and an HRV, which agrees to {found['agreement']:.2f} "
        f"between two lots of prompts, {warns}; it is nearest to "
        f"{found['nearest'][0]} ({found['nearest'][1]:.2f}). Weakening by it separates the orders "
        f"in {_which(areas[INSTRUMENTS])}."
    )


def _which(areas: dict[str, Area]) -> str:
    """The measures in which the orders clearly differ, with their areas."""
    seen = [
        f"{name} {_told(area)}"
        for name, area in areas.items()
        if area["interval"][0] > CLEAR or area["interval"][1] < -CLEAR
    ]
    return ", ".join(seen) or "none of what is measured clearly"


def _agreement_table(found: Agreement) -> Table:
    counts = zip(found["counts"], found["worst"], found["lost"], strict=True)
    means = zip(found["mean"], found["low"], found["high"], strict=True)
    rows = [
        [str(n), f"{mean:.3f} [{low:.3f}, {high:.3f}]", f"{worst:.3f}", f"{lost:.1f}"]
        for (n, worst, lost), (mean, low, high) in zip(counts, means, strict=True)
    ]
    return {
        "title": "Cosine of HRVs from two disjoint lots of prompts (middle 95% of 40 draws)",
        "header": ["prompts each", "mean of the concepts", "worst concept", "without a vote"],
        "rows": rows,
    }


def _areas_table(areas: Areas) -> Table:
    return {
        "title": "Area between weakening orders (LeRHF - MoRHF) by what is still right, in points",
        "header": ["HRV", *MEASURES],
        "rows": [
            [name, *(_told(found[measure]) for measure in MEASURES)]
            for name, found in areas.items()
        ],
    }


def _kin_table(kinship: Kinship) -> Table:
    wanted = (("narrow", "Color"), ("broad", "Mixed"), ("unknown", INSTRUMENTS))
    rows = []
    for name, concept in wanted:
        if name in kinship:
            v = kinship[name][concept]
            cells = (f"{v['agreement']:.3f}", f"{v['others']:.3f}")
            rows.append([concept, *cells, f"{v['nearest'][0]} {v['nearest'][1]:.3f}"])
            rows[-1].append(f"{v['votes']:.1%}")
    return {
        "title": "A good, a too broad and an unknown concept",
        "header": ["concept", "two lots", "other concepts", "nearest", "votes"],
        "rows": rows,
    }
