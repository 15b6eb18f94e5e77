"""A construction: images are sampled, one per prompt, and their votes kept as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...hrv.construct.concepts import ConceptWords
from ...hrv.construct.votes import VoteRecord
from ...hrv.files.vote_file import open_run, save_votes
from ...hrv.heads import cross_attention_layers
from ...hrv.relevance import HeadRelevance
from ..host.model import model_heads
from ..host.patching import add_hooks
from ..host.weights_digest import weights_digest
from .ballot import Ballot, ProjectedWords, WordEmbeddings
from .groups import cut_for_looks, settled, shard_groups, uncounted
from .sampling import Encoded, Sampler, by_length, one_by_one
from .settings import ConstructSettings
from .voting import Voting


@dataclass(frozen=True)
class Progress:
    """What a construction tells after every sampling: prompts done, all of them, the votes.

    sampled: the votes (T, N, H) of the images of this sampling, by the number of the prompt.
    """

    done: int
    total: int
    record: VoteRecord
    sampled: Mapping[int, torch.Tensor]


Listener = Callable[[Progress], None]


class Construction:
    """A run that is checked and ready to sample; ValueError says what is wrong in the input.

    path: the file that its votes are kept in; one of the same settings is continued.
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
        heads = model_heads(model)
        self.sampler = Sampler(model, clip, settings.sampling, settings.plain_prompts)
        texts = {
            **settings.texts(len(prompts)),
            "weights": weights_digest(model),
            "text encoder": weights_digest(clip.patcher),
        }
        wanted = VoteRecord(words, heads, texts, tuple(prompts), settings.timestep_bins)
        self.record = open_run(path, wanted)
        embeddings = WordEmbeddings(clip, words)
        _require_width(model, embeddings)
        ballot = Ballot(
            words=words,
            embeddings=embeddings,
            heads=heads,
            recipe=settings.recipe,
            seed=settings.sampling.seed,
            bins=settings.timestep_bins,
        )
        self.sampled: dict[int, torch.Tensor] = {}
        self.voting = Voting(ballot, ProjectedWords(embeddings), self._count)
        self.sampler.model = add_hooks(model, [self.voting])

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
    ) -> VoteRecord:
        """Sample what is not counted yet. An interruption passes on, with all votes kept.

        stop_at: end when the halves agree so well for every concept (cosine; 0: never);
        groups: the prompt numbers to take, those of a saving together; all by default.
        """
        groups, batching = self.groups() if groups is None else groups, self.settings.batching
        if stop_at:
            groups = cut_for_looks(groups, len(self.record.prompts), batching)
        for group in groups:
            if stop_at and settled(self.record, group.start, stop_at, batching):
                break
            with self._saved():
                for encoded in self._samplings(group):
                    self.sampled.clear()
                    self.sampler.sample(encoded)
                    listen(self._progress(groups))
        return self.record

    def _samplings(self, group: range) -> Iterator[dict[int, Encoded]]:
        """The prompts of a group that are not counted yet, those of one sampling together."""
        missing = {n: self.record.prompts[n] for n in group if not self.record.counted[n]}
        encoded = self.sampler.encode(missing)
        yield from one_by_one(encoded) if self.settings.batching.exact else by_length(encoded)

    def _count(self, number: int, votes: torch.Tensor) -> None:
        """Keep the votes of one image."""
        self.sampled[number] = votes
        self.record.add(number, votes)

    @contextmanager
    def _saved(self) -> Iterator[None]:
        """What is counted within is in the file afterwards, also after an interruption."""
        before = self.record.done
        try:
            yield
        finally:
            if self.path is not None and self.record.done > before:
                save_votes(self.path, self.record)

    def _progress(self, groups: Sequence[range]) -> Progress:
        done = sum(int(self.record.counted[group.start : group.stop].sum()) for group in groups)
        return Progress(done, sum(map(len, groups)), self.record, dict(self.sampled))


def construct(
    model: Any,
    clip: Any,
    words: ConceptWords,
    prompts: Sequence[str],
    settings: ConstructSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> HeadRelevance:
    """HRVs of `model` by the votes of its heads (arXiv 2412.02237, Algorithm 1).

    Images are sampled as usual, one per prompt; `progress(done, total)` counts prompts.
    """
    run = Construction(model, clip, words, prompts, settings)
    return run.run(lambda now: progress(now.done, now.total)).relevance()


def _require_width(model: Any, embeddings: WordEmbeddings) -> None:
    """ValueError if the CLIP's embeddings are not of the width that the model reads."""
    layer: Any = cross_attention_layers(model.get_model_object("diffusion_model"))[0]
    wanted, found = layer.attention.to_k.in_features, embeddings.tokens.shape[1]
    if wanted != found:
        raise ValueError(
            f"The model reads text of width {wanted}, but this CLIP gives {found}. Use the CLIP "
            "of the same checkpoint."
        )
