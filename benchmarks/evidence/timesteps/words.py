"""What the timestep experiment found, in words and in a table."""

from __future__ import annotations

from typing import Any

from ...framework.statistics import verdict

MARGIN = 0.05
"""Cosines that differ by less count as equal: concepts share a head's votes, so that even votes
at random are a little less alike across concepts."""


def ours(found: dict[str, Any], parts: int, count: int) -> str:
    if not found:
        return "not measured"
    return (
        f"cosine of a concept in two of {parts} parts {found['across']:.2f}, of two concepts in "
        f"one part {found['within']:.2f}: {found['across'] - found['within']:.2f} apart ({count} "
        "prompts); interval: of that difference"
    )


def sentence(found: dict[str, Any]) -> str:
    if not found:
        return "Not measured."
    low, high = found["interval"]
    same = "yes" if low > MARGIN else "reversed" if high < -MARGIN else "no"
    gap = found["across"] - found["within"]
    near = f"{found['nearest']:.0%} of the HRVs have their own concept of another part as nearest"
    told = {
        "yes": f"As in the paper, HRVs go with the concept more than with the part: {near}.",
        "no": f"That HRVs go with the concept more than with the part is not seen here: {near}.",
        "reversed": f"Unlike in the paper, HRVs go with the part, not with the concept: {near}.",
    }[same]
    return f"{told} The difference of the mean cosines is {gap:.2f}."


def control(found: dict[str, Any], dealt: dict[str, Any]) -> str:
    """What words dealt into concepts at random do, from as many prompts."""
    if not found or not dealt:
        return "Words dealt at random were not measured."
    told = (
        f"Control: the same words dealt into concepts at random give cosines of "
        f"{dealt['across']:.2f} and {dealt['within']:.2f}, and {dealt['nearest']:.0%} nearest to "
        f"their own concept (from as many prompts the real concepts {found['across']:.2f}, "
        f"{found['within']:.2f} and {found['nearest']:.0%})"
    )
    low, high = dealt["interval"]
    if low > MARGIN:
        what = (
            "So clusters over the denoising do not show that heads know concepts: they show that "
            "heads keep preferring the same words."
        )
    elif high < MARGIN and found["interval"][0] > MARGIN:
        what = "So it takes real concepts to keep HRVs together over the denoising."
    elif high < MARGIN:
        what = "Neither the real concepts nor the dealt ones clearly stay together."
    else:
        what = "Whether they stay together is not settled by so few prompts."
    return f"{told}. {what}"


def drift(found: dict[str, Any]) -> str:
    if not found:
        return "Drift over the denoising was not measured."
    first, last = found["apart"][1], found["apart"][-1]
    how = "changes little" if last > 0.9 * first else "drifts"
    return (
        f"A concept's HRV {how} on the way: mean cosine {first:.2f} for neighbouring parts, "
        f"{last:.2f} for the first and the last (published SD1.4 vectors in ten parts: 0.70)."
    )


def added_sentence(added: dict[str, Any]) -> str:
    if not added["rows"]:
        return "A concept added to the set was not measured."
    low, high = added["interval"]
    rerun = added["rerun"][0]
    how = {"yes": "more than", "no": "about as much as", "reversed": "less than"}
    what = (
        f"A new concept changes the old HRVs {how[verdict(added['less than rerun'])]} other "
        "prompts and noise do"
    )
    worst = min(added["rows"], key=lambda name: added["rows"][name][0])
    return (
        f"{what}: mean cosine before and after {added['mean']:.3f} [{low:.3f}, {high:.3f}], of "
        f"the same set with other prompts {rerun:.3f}. {worst} changes the others most "
        f"({added['rows'][worst][0]:.3f})."
    )


def table(added: dict[str, Any]) -> dict[str, Any]:
    rows = [[name, f"{mean:.3f}", f"{low:.3f}"] for name, (mean, low) in added["rows"].items()]
    mean, low = added["rerun"]
    return {
        "title": "Cosine of the old concepts' HRVs before and after a concept is added",
        "header": ["added", "mean", "lowest"],
        "rows": [*rows, ["none: other prompts and noise", f"{mean:.3f}", f"{low:.3f}"]],
    }
