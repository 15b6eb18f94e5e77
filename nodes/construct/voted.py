"""Recipes paper and authors: images of prompts sampled as usual, while the heads vote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch

from ...hrv.construct.scales import HeadScales
from ...hrv.construct.votes import VoteRecord
from ...hrv.families.registry import family_of
from ...hrv.heads import cross_attention_layers
from ..host.patching import add_hooks
from .ballot import Ballot, ProjectedWords, WordContexts, WordEmbeddings
from .sampling import Encoded, Sampler, by_length, one_by_one
from .settings import ConstructSettings
from .voting import Voting


class Voted:
    """Samples the images of a record's prompts and adds their votes to it.

    sampled: the votes (T, N, H) of the images of the last sampling, by the number of the prompt;
    scales: of the heads, in the images of this session.
    """

    def __init__(
        self, model: Any, clip: Any, record: VoteRecord, settings: ConstructSettings
    ) -> None:
        self.record = record
        self.scales = HeadScales.none(record.heads)
        self.sampled: dict[int, torch.Tensor] = {}
        self.sampler = Sampler(model, clip, settings.sampling, settings.plain_prompts)
        embeddings = _embeddings(model, clip, record, settings)
        self.alone = settings.batching.exact or isinstance(embeddings, WordContexts)
        ballot = Ballot(
            words=record.words,
            embeddings=embeddings,
            heads=record.heads,
            recipe=settings.voting,
            seed=settings.sampling.seed,
            bins=settings.timestep_bins,
            rule=settings.rule,
        )
        self.voting = Voting(ballot, ProjectedWords(embeddings), self._count, self.scales.add)
        self.sampler.model = add_hooks(model, [self.voting])

    def samplings(self, missing: Mapping[int, str]) -> Iterator[Callable[[], None]]:
        """Samplings of these prompts, those of equal length together where they may be."""
        encoded = self.sampler.encode(missing)
        together = one_by_one(encoded) if self.alone else by_length(encoded)
        for group in together:
            yield partial(self._sample, group)

    def remarks(self) -> str:
        """What else is to be told of the images of this session."""
        return self.scales.summary()

    def _sample(self, group: Mapping[int, Encoded]) -> None:
        self.sampled.clear()
        self.sampler.sample(group)

    def _count(self, number: int, votes: torch.Tensor) -> None:
        """Keep the votes of one image."""
        self.sampled[number] = votes
        self.record.add(number, votes)


def _embeddings(
    model: Any, clip: Any, record: VoteRecord, settings: ConstructSettings
) -> WordEmbeddings | WordContexts:
    """The concept-words, encoded; ValueError where their votes cannot be counted."""
    network = model.get_model_object("diffusion_model")
    family = family_of(network)
    if family is None:
        embeddings = WordEmbeddings(clip, record.words)
        _require_width(model, embeddings)
        return embeddings
    if family.joint and not family.takes_words(network):
        raise ValueError(
            f"This kind of {family.name} numbers the rows of its text, so that words beside the "
            "prompt have no place to vote on. Choose recipe measured."
        )
    if settings.recipe == "authors":
        raise ValueError(
            f"Recipe authors needs the start token of SD1.x, SD2.x and SDXL, and {family.name} has "
            "none. Choose recipe paper."
        )
    return WordContexts(model.model, clip, record.words)


def _require_width(model: Any, embeddings: WordEmbeddings) -> None:
    """ValueError if the CLIP's embeddings are not of the width that the model reads."""
    layer: Any = cross_attention_layers(model.get_model_object("diffusion_model"))[0]
    wanted, found = layer.attention.to_k.in_features, embeddings.tokens.shape[1]
    if wanted != found:
        raise ValueError(
            f"The model expects text embeddings of size {wanted}, but this CLIP gives {found}. Use "
            "the CLIP of the same checkpoint."
        )
