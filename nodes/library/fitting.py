"""Which of the HRV files belong to a model, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...hrv.files.hrv_file import Header
from ...hrv.heads import HeadTable
from ...hrv.relevance import HeadRelevance
from ..host.model import model_heads
from ..host.weights_digest import weights_digest
from . import folders as library
from .choices import choice_of, published

MEASURED_WORD = "HRV Measure"
"""What made a file whose vectors serve one word alone."""


@dataclass(frozen=True)
class Fitting:
    """A choice of HRV Load that has the model's heads.

    header: None for a published one that is yet to be fetched; general: it comes with the pack or
    was published for this kind of model.
    """

    choice: str
    concepts: tuple[str, ...]
    header: Header | None
    general: bool

    def says(self, key: str) -> str:
        """What its provenance says of something, or nothing."""
        return self.header.provenance.get(key, "") if self.header else ""

    @property
    def measured(self) -> bool:
        """Whether its vectors are measured; on the demo model those turn more words."""
        return self.header is not None and self.header.kind == "measured"

    @property
    def of_one_word(self) -> bool:
        """Whether it was measured for a single word."""
        return self.says("made_by") == MEASURED_WORD

    def likeness(self, hrv: HeadRelevance) -> tuple[int, int, bool]:
        """How well it takes the place of vectors: concepts and words in common, the same kind."""
        mine = self.header.words if self.header else ()
        words = [
            {word.casefold() for listed in each for word in listed} for each in (mine, hrv.words)
        ]
        same_kind = (hrv.kind == "measured") is self.measured
        return len({*self.concepts} & {*hrv.concepts}), len(words[0] & words[1]), same_kind


def fitting_model(model: Any) -> list[Fitting]:
    """What fits a MODEL, best first: see `fitting`."""
    return fitting(model_heads(model), weights_digest(model))


def fitting(heads: HeadTable, weights: str = "") -> list[Fitting]:
    """What has the same heads, best first.

    Those made with the very checkpoint that has these weights come first, then those for its kind
    of model, then others; among equals the one with most concepts, and measured vectors before
    voted ones. Files of a single word are last.
    """

    def rank(each: Fitting) -> tuple[bool, int, int, bool, str]:
        same = bool(weights) and each.says("weights") == weights
        near = 0 if same else 1 if each.general else 2
        return each.of_one_word, near, -len(each.concepts), not each.measured, each.choice

    return sorted([*_on_disk(heads), *_to_fetch(heads)], key=rank)


def _on_disk(heads: HeadTable) -> Iterator[Fitting]:
    titles = {entry.file_name: choice_of(entry) for entry in published()}
    for name in library.names():
        header = library.header(name)
        if header is not None and header.heads.fingerprint == heads.fingerprint:
            general = name in titles or library.is_shipped(name)
            yield Fitting(titles.get(name, name), header.concepts, header, general)


def _to_fetch(heads: HeadTable) -> Iterator[Fitting]:
    there = set(library.names())
    for entry in published():
        if entry.family == heads.known_family and entry.file_name not in there:
            yield Fitting(choice_of(entry), tuple(library.PAPER_CONCEPTS), None, True)


def best_choice(model: Any) -> str:
    """The choice of HRV Load that serves a MODEL; ValueError where none does."""
    found = fitting_model(model)
    if not found:
        raise ValueError(f"No HRV file fits {model_heads(model).description}. {remedy()}")
    return found[0].choice


def remedy(heads: HeadTable | None = None, instead_of: HeadRelevance | None = None) -> str:
    """What to do where the vectors are of other heads than these.

    Of the files that fit, the one most like those vectors is named; without them, the best.
    """
    found = fitting(heads) if heads is not None else []
    if not found:
        return "Make one for this model with HRV Construct."
    best = max(found, key=lambda each: each.likeness(instead_of)) if instead_of else found[0]
    return f"In HRV Load choose “{best.choice}”, or connect the model to HRV Load and choose auto."
