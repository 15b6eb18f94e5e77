"""A construction: images of its prompts are sampled, and what they tell is kept as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from ...hrv.construct.concepts import ConceptWords
from ...hrv.construct.records import RunRecord
from ...hrv.construct.votes import VoteRecord
from ...hrv.files.vote_file import open_run, save_votes
from ...hrv.measure.concept_prompts import draw_prompt, parse_templates
from ...hrv.measure.concept_record import ConceptRecord
from ...hrv.relevance import HeadRelevance
from ..host.model import steered_heads
from ..host.weights_digest import weights_digest
from ..library.run_lock import held_alone, require_unchanged, stamp
from .groups import cut_for_looks, settled, shard_groups, uncounted
from .measured.method import Measured
from .settings import MEASURED, ConstructSettings
from .voted import Voted


@dataclass(frozen=True)
class Progress:
    """What a construction tells after every sampling: prompts done, all of them, the record.

    sampled: the votes (T, N, H) of the images of this sampling, by the number of the prompt.
    """

    done: int
    total: int
    record: RunRecord
    sampled: Mapping[int, torch.Tensor]


Listener = Callable[[Progress], None]


class Method(Protocol):
    """How the images of prompts are made and what they add to the record."""

    sampled: dict[int, torch.Tensor]

    def samplings(self, missing: Mapping[int, str]) -> Iterator[Callable[[], None]]:
        """What is to be called for these prompts, by their numbers; each call adds some of them."""

    def remarks(self) -> str:
        """What else is to be told of the images of this session, in a sentence; or nothing."""


class Construction:
    """A run that is checked and ready to sample; ValueError says what is wrong in the input.

    prompts: as listed; with recipe measured, the texts of `drawn_texts`. path: the file that its
    record is kept in; one of the same settings is continued.
    """

    def __init__(
        self,
        model: Any,
        clip: Any,
        words: ConceptWords,
        prompts: Sequence[str],
        settings: ConstructSettings,
        path: Path | None = None,
    ) -> None:
        self.settings, self.path = settings, path
        texts = {
            **settings.texts(len(prompts)),
            "weights": weights_digest(model),
            "text encoder": weights_digest(clip.patcher),
        }
        kind = ConceptRecord if settings.recipe == MEASURED else VoteRecord
        bins = settings.timestep_bins
        wanted = kind(words, steered_heads(model), texts, tuple(prompts), bins)
        self.seen = stamp(path)  # before it is read: a save in between must differ
        self.record = open_run(path, wanted)
        self.method = _method(model, clip, self.record, settings)

    def groups(self, shard: tuple[int, int] = (1, 1)) -> list[range]:
        """Prompt numbers of a shard (number from 1, of how many), those of a saving together."""
        return shard_groups(len(self.record.prompts), self.settings.batching, shard)

    def missing(self) -> list[range]:
        """Groups of prompt numbers that are not counted yet."""
        return uncounted(self.record, self.groups(), self.settings.batching)

    def run(
        self,
        listen: Listener = lambda progress: None,
        stop_at: float = 0.0,
        groups: Sequence[range] | None = None,
    ) -> RunRecord:
        """Sample what is not counted yet. An interruption passes on, with all that is counted kept.

        stop_at: end when the halves agree so well for every concept (cosine; 0: never);
        groups: the prompt numbers to take, those of a saving together; all by default.
        """
        groups, batching = self.groups() if groups is None else groups, self.settings.batching
        if stop_at:
            groups = cut_for_looks(groups, len(self.record.prompts), batching)
        with held_alone(self.path, self.seen):
            for group in groups:
                if stop_at and settled(self.record, group.start, stop_at, batching):
                    break
                self._sample_group(group, lambda: listen(self._progress(groups)))
        return self.record

    def _sample_group(self, group: range, listen: Callable[[], None]) -> None:
        """Sample what is missing of a group, and save it."""
        with self._saved():
            missing = {n: self.record.prompts[n] for n in group if not self.record.counted[n]}
            for sample in self.method.samplings(missing):
                sample()
                listen()

    @contextmanager
    def _saved(self) -> Iterator[None]:
        """What is counted within is in the file afterwards, also after an interruption."""
        before = self.record.done
        try:
            yield
        finally:
            if self.path is not None and self.record.done > before:
                require_unchanged(self.path, self.seen)
                save_votes(self.path, self.record)
                self.seen = stamp(self.path)

    def _progress(self, groups: Sequence[range]) -> Progress:
        done = sum(int(self.record.counted[group.start : group.stop].sum()) for group in groups)
        return Progress(done, sum(map(len, groups)), self.record, dict(self.method.sampled))


def construct(
    model: Any,
    clip: Any,
    words: ConceptWords,
    prompts: Sequence[str],
    settings: ConstructSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> HeadRelevance:
    """HRVs of `model`, by the votes of its heads (arXiv 2412.02237, Algorithm 1) or measured.

    Images of the prompts are sampled as usual; `progress(done, total)` counts prompts.
    """
    run = Construction(model, clip, words, prompts, settings)
    return run.run(lambda now: progress(now.done, now.total)).relevance()


def measured_prompts(words: ConceptWords) -> int:
    """How many prompts recipe measured takes where no number is asked for."""
    return max(64, 8 * len(words.concepts))


def drawn_texts(words: ConceptWords, settings: ConstructSettings, count: int) -> list[str]:
    """The first `count` prompts of recipe measured.

    ValueError for templates that cannot be used, and for too few prompts to show every concept.
    """
    templates = parse_templates(settings.measuring.templates, words)
    seed = settings.sampling.seed
    drawn = [draw_prompt(templates, words, seed, number) for number in range(count)]
    shown = {swap.concept for prompt in drawn for swap in prompt.swaps}
    missing = [name for n, name in enumerate(words.concepts) if n not in shown]
    if missing:
        raise ValueError(
            f"The first {count} prompts that the templates give have no word of: "
            f"{', '.join(missing)}. Measure more prompts, {measured_prompts(words)} or so."
        )
    return [prompt.text for prompt in drawn]


def _method(model: Any, clip: Any, record: RunRecord, settings: ConstructSettings) -> Method:
    if isinstance(record, ConceptRecord):
        return Measured(model, clip, record, settings)
    if isinstance(record, VoteRecord):
        return Voted(model, clip, record, settings)
    raise TypeError(f"no method adds to {type(record).__name__}")
