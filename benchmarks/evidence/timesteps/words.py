"""What the timestep experiment found, in words and in a table."""

from __future__ import annotations

from ...framework.statistics import verdict
from ..experiment import Table
from .added import Added
from .alike import Alike, off_diagonal
from .published import PublishedRow
from .separation import Separation

MARGIN = 0.05
"""Cosines that differ by less count as equal: concepts share a head's votes, so that even votes
at random are a little less alike across concepts."""


def ours(found: Separation, bins: int, count: int) -> str:
    """The two means, of HRVs in so many bins, from so many prompts."""
    return (
        f"cosine of a concept in two of {bins} parts {found['across']:.2f}, of two concepts in "
        f"one part {found['within']:.2f}: {found['across'] - found['within']:.2f} apart ({count} "
        "prompts); interval: of that difference"
    )


def sentence(found: Separation | None) -> str:
    """Whether HRVs go with the concept or with the timestep bin."""
    if not found:
        return "Not measured."
    low, high = found["interval"]
    same = "yes" if low > MARGIN else "reversed" if high < -MARGIN else "no"
    gap = found["across"] - found["within"]
    near = f"{found['nearest']:.0%} of the HRVs have their own concept of another part as nearest"
    told = {
        "yes": f"As in the paper, HRVs go with the concept more than with the part: {near}.",
        "no": f"That HRVs go with the concept more than with the part is not seen here: {near}.",
        "reversed": f"Against the paper, HRVs go with the part, not with the concept: {near}.",
    }[same]
    return f"{told} The difference of the mean cosines is {gap:.2f}."


def control(found: Separation | None, dealt: Separation | None) -> str:
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


def published(found: PublishedRow | None) -> str:
    """The same cosines of the authors' vectors, counted by this code."""
    if not found:
        return "The authors' vectors of every step were not at hand (HRV_AUTHORS_DATA)."
    steps, concepts, _ = found["shape"]
    own = found["steps"]
    return (
        f"The authors' vectors of SD1.4 ({steps} steps, {concepts} concepts), counted by the same "
        f"code: a concept at two steps {own['across']:.2f}, two concepts at one step "
        f"{own['within']:.2f}, {own['across'] - own['within']:.2f} apart."
    )


def drift(found: Alike | None, theirs: PublishedRow | None) -> str:
    """How far a concept's HRV drifts over the timesteps."""
    if not found:
        return "Drift over the denoising was not measured."
    first, last = found["apart"][1], found["apart"][-1]
    how = "changes little" if last > 0.9 * first else "drifts"
    told = ""
    if theirs:
        apart = theirs["tenths"]["apart"]
        told = f" (the authors' vectors in tenths: {apart[1]:.2f} and {apart[-1]:.2f})"
    return (
        f"A concept's HRV {how} on the way: mean cosine {first:.2f} for neighbouring parts, "
        f"{last:.2f} for the first and the last{told}."
    )


def means(found: Alike | None, theirs: PublishedRow | None) -> list[str]:
    """Figure 47(b): the means over all concepts at two timesteps."""
    known = {"here": found, "of the authors' vectors": theirs["steps"] if theirs else None}
    told = []
    for whose, one in known.items():
        if one:
            low, mean = off_diagonal(one["means"])
            told.append(f"{whose} {mean:.3f} on average, {low:.3f} at least")
    if not told:
        return []
    return [
        "The mean over all concepts at two timesteps, figure 47(b), has a cosine of: "
        f"{'; '.join(told)}. Every head casts the same number of votes at every step, so that this "
        "mean is nearly constant whatever the heads know: it is no evidence for the claim."
    ]


def added_sentence(added: Added | None) -> str:
    """What a new concept changes, held against other prompts."""
    if not added or not added["rows"]:
        return "A concept added to the set was not measured."
    low, high = added["interval"]
    rerun = added["rerun"][0]
    how = {"yes": "more than", "no": "about as much as", "reversed": "less than"}
    what = (
        f"A new concept changes the old HRVs {how[verdict(added['less than rerun'])]} other "
        "prompts and noise do"
    )
    means = {name: row[0] for name, row in added["rows"].items()}
    worst = min(means, key=lambda name: means[name])
    return (
        f"{what}: mean cosine before and after {added['mean']:.3f} [{low:.3f}, {high:.3f}], of "
        f"the same set with other prompts {rerun:.3f}. {worst} changes the others most "
        f"({means[worst]:.3f})."
    )


def table(added: Added) -> Table:
    """Every concept that was added."""
    rows = [[name, f"{mean:.3f}", f"{low:.3f}"] for name, (mean, low) in added["rows"].items()]
    mean, low = added["rerun"]
    return {
        "title": "Cosine of the old concepts' HRVs before and after a concept is added",
        "header": ["added", "mean", "lowest"],
        "rows": [*rows, ["none: other prompts and noise", f"{mean:.3f}", f"{low:.3f}"]],
    }
