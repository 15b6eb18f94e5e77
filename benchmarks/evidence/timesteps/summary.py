"""What the timestep experiment shows, from its raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from ..experiment import Summary
from ..voting import hrvs
from . import words
from .added import Added, new_concept
from .published import PublishedRow
from .separation import Separation, separation
from .sets import VotesRow
from .tsne import tsne


class Real(TypedDict):
    """The real concepts; points: where t-SNE puts each HRV, (T, N, 2)."""

    separation: Separation
    points: list[list[list[float]]]
    concepts: list[str]
    prompts: int


Data = TypedDict(
    "Data",
    {
        "real": Real | None,
        "dealt": Separation | None,
        "as many": Separation | None,
        "added": Added | None,
        "published": PublishedRow | None,
    },
)
"""None where it was not measured. as many: the real concepts from as many prompts as the dealt
ones."""
CAPTIONS = {
    "timesteps_tsne.png": "t-SNE (exact, from the principal components on) of every concept's HRV "
    "in every part of the denoising; early parts small, late parts large.",
    "timesteps_drift.png": "Left: mean cosine of a concept's HRVs by how far the parts are "
    "apart. Right: cosine of the old concepts' HRVs before and after a concept is added.",
    "timesteps_means.png": "Figure 47(b): cosines of the means over all concepts at two timesteps, "
    "here and of the authors' published vectors. Heads cast the same number of votes at every "
    "step, so that such a mean can hardly change.",
}


@dataclass(frozen=True)
class Counted:
    """Votes of the real concepts by batches of prompts, of dealt words, and of sets of concepts."""

    rows: Sequence[VotesRow]
    control: Sequence[VotesRow] = ()
    sets: Sequence[VotesRow] = ()


def summarise(counted: Counted, published: PublishedRow | None = None) -> Summary[Data]:
    """Real concepts, words dealt at random, a concept added to the set, the authors' vectors."""
    rows, control = counted.rows, counted.control
    votes = np.array([row["votes"] for row in rows])
    real = _real(rows, votes)
    dealt = separation(np.array([row["votes"] for row in control])) if control else None
    fair = separation(votes[: len(control)]) if rows and control else None
    added = new_concept(counted.sets)
    found = real["separation"] if real else None
    return Summary(
        ours=words.ours(real["separation"], len(votes[0]), real["prompts"])
        if real
        else "not measured",
        interval=found["interval"] if found else None,
        sentence=words.sentence(found),
        findings=[
            words.published(published),
            words.control(fair, dealt),
            words.drift(found, published),
            *words.means(found, published),
            words.added_sentence(added),
        ],
        tables=[words.table(added)] if added and added["rows"] else [],
        captions=CAPTIONS,
        data={
            "real": real,
            "dealt": dealt,
            "as many": fair,
            "added": added,
            "published": published,
        },
    )


def _real(rows: Sequence[VotesRow], votes: np.ndarray) -> Real | None:
    if not rows:
        return None
    return {
        "separation": separation(votes),
        "points": _points(votes),
        "concepts": rows[0]["concepts"],
        "prompts": sum(row["prompts"] for row in rows),
    }


def _points(votes: np.ndarray) -> list[list[list[float]]]:
    vectors = hrvs(votes.sum(axis=0))
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    places = tsne(unit.reshape(-1, unit.shape[-1]))
    found: list[list[list[float]]] = np.round(places, 3).reshape(*vectors.shape[:2], 2).tolist()
    return found
