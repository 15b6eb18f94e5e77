"""A construction: pictures are sampled, one a prompt, and their votes kept as they come."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import comfy.sample
import torch

from ...hrv.construct.agreement import split_half
from ...hrv.construct.algorithm import Recipe
from ...hrv.construct.concepts import ConceptWords
from ...hrv.construct.votes import VoteRecord
from ...hrv.files.vote_file import open_run, save_votes
from ...hrv.heads import cross_attention_layers
from ...hrv.relevance import HeadRelevance
from ..host.model import model_heads
from ..host.patching import add_hooks
from ..host.weights_digest import weights_digest
from ..prompts.tag import tag
from .voting import Ballot, ProjectedWords, Voting, WordEmbeddings, drawn_prompt

CHECKED = 20  # pictures between two looks at the agreement


@dataclass(frozen=True)
class Sampling:
    """How the pictures of a construction are sampled; width and height in pixels.

    exact: each picture is computed by itself, so that no vote depends on `batch`, the pictures
    between two savings. Else the pictures of a batch share their U-Net calls, whose last bits
    depend on the batch; batches start at fixed prompt numbers, so shards and interruptions still
    change nothing.
    """

    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    width: int
    height: int
    batch: int
    recipe: Recipe
    exact: bool = True
    bins: int = 1

    def settings(self, prompts: int) -> dict[str, str]:
        """All that votes depend on, as texts."""
        together = "1" if self.exact else f"{self.batch}, {prompts} prompts"
        return {
            "recipe": self.recipe,
            "seed": str(self.seed),
            "sampling": f"{self.sampler}, {self.scheduler}, {self.steps} steps, "
            f"cfg {self.cfg:g}, {self.width}x{self.height}",
            "pictures together": together,
        }


@dataclass(frozen=True)
class Progress:
    """What a construction tells after every sampling: prompts done, all of them, the votes.

    sampled: the votes (T, N, H) of the pictures of this sampling, by the number of the prompt.
    """

    done: int
    total: int
    record: VoteRecord
    sampled: Mapping[int, torch.Tensor]


Listener = Callable[[Progress], None]


class Construction:
    """A run that is checked and ready to sample; ValueError says what is wrong in the input."""

    def __init__(
        self,
        model: Any,
        clip: Any,
        words: ConceptWords,
        prompts: Sequence[str],
        sampling: Sampling,
        path: Path | None = None,
    ) -> None:
        self.clip, self.sampling, self.path = clip, sampling, path
        heads = model_heads(model)
        _check_size(model, sampling)
        settings = {
            **sampling.settings(len(prompts)),
            "weights": weights_digest(model),
            "text encoder": weights_digest(clip.patcher),
        }
        wanted = VoteRecord(words, heads, settings, tuple(prompts), sampling.bins)
        self.record = open_run(path, wanted)
        embeddings = WordEmbeddings(clip, words)
        _check_width(model, embeddings)
        ballot = Ballot(
            words=words,
            embeddings=embeddings,
            heads=heads,
            recipe=sampling.recipe,
            seed=sampling.seed,
            bins=sampling.bins,
        )
        self.sampled: dict[int, torch.Tensor] = {}
        self.voting = Voting(ballot, ProjectedWords(embeddings), self._count)
        self.voter = add_hooks(model, [self.voting])
        self.negative = clip.encode_from_tokens_scheduled(clip.tokenize(""))

    def groups(self, shard: tuple[int, int] = (1, 1)) -> list[range]:
        """Prompt numbers of a shard (number from 1, of how many), those of a saving together."""
        prompts, size = len(self.record.prompts), self.sampling.batch
        unit = 1 if self.sampling.exact else size
        units = -(-prompts // unit)
        number, count = shard
        if not 1 <= number <= count:
            raise ValueError(f"Shards are numbered 1/{count} to {count}/{count}; found {number}.")
        first, last = units * (number - 1) // count * unit, units * number // count * unit
        last = min(last, prompts)
        return [range(start, min(start + size, last)) for start in range(first, last, size)]

    def missing(self) -> list[range]:
        """Groups of prompt numbers that are not counted yet."""
        counted = self.record.counted
        groups = [group for group in self.groups() if not counted[group.start : group.stop].all()]
        if not self.sampling.exact:
            return groups
        return [range(n, n + 1) for group in groups for n in group if not counted[n]]

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
        groups = self.groups() if groups is None else groups
        if stop_at:
            groups = self._cut(groups)
        total = sum(map(len, groups))
        for group in groups:
            if stop_at and self._settled(group.start, stop_at):
                break
            self._vote(group, lambda: listen(self._progress(groups, total)))
        return self.record

    def _progress(self, groups: Sequence[range], total: int) -> Progress:
        return Progress(self._done(groups), total, self.record, dict(self.sampled))

    def _done(self, groups: Sequence[range]) -> int:
        return sum(int(self.record.counted[group.start : group.stop].sum()) for group in groups)

    def _cut(self, groups: Sequence[range]) -> list[range]:
        """Groups that end wherever the agreement is looked at."""
        if not self.sampling.exact:
            return list(groups)
        looks = range(0, len(self.record.prompts), CHECKED)
        ends = sorted({0, *(group.stop for group in groups), *looks})
        return [range(a, b) for a, b in pairwise(ends)]

    def _settled(self, counted: int, stop_at: float) -> bool:
        """Whether the first `counted` prompts suffice; asked at fixed numbers only."""
        interval = CHECKED
        if not self.sampling.exact:
            interval = -(-CHECKED // self.sampling.batch) * self.sampling.batch
        if counted == 0 or counted % interval or self.record.done != counted:
            return False
        return float(split_half(self.record.votes).cosine.min()) >= stop_at

    def _vote(self, group: range, told: Callable[[], None]) -> None:
        missing = [number for number in group if not self.record.counted[number]]
        before = self.record.done
        try:
            for numbers, conditioning in self._conditionings(missing):
                self.sampled.clear()
                self._sample(tag(conditioning, drawn_prompt(numbers)), numbers)
                told()
        finally:
            if self.path is not None and self.record.done > before:
                save_votes(self.path, self.record)

    def _count(self, number: int, votes: torch.Tensor) -> None:
        """Keep the votes of one picture."""
        self.sampled[number] = votes
        self.record.add(number, votes)

    def _conditionings(self, missing: Sequence[int]) -> Iterator[tuple[list[int], list[list[Any]]]]:
        """Prompt numbers of one sampling and their conditioning with a row each."""
        encoded = {
            number: self.clip.encode_from_tokens(
                self.clip.tokenize(self.record.prompts[number]),
                return_pooled=True,
                return_dict=True,
            )
            for number in missing
        }
        for numbers in self._together(encoded):
            rows = torch.cat([encoded[n]["cond"] for n in numbers])
            options: dict[str, Any] = {"width": self.sampling.width, "height": self.sampling.height}
            pooled = [encoded[n]["pooled_output"] for n in numbers]
            if pooled[0] is not None:
                options["pooled_output"] = torch.cat(pooled)
            yield numbers, [[rows, options]]

    def _together(self, encoded: dict[int, Any]) -> Iterator[list[int]]:
        """Numbers whose pictures share U-Net calls: single ones, or those of equal length."""
        if self.sampling.exact:
            yield from ([number] for number in encoded)
            return
        for length in sorted({entry["cond"].shape[1] for entry in encoded.values()}):
            yield [n for n, entry in encoded.items() if entry["cond"].shape[1] == length]

    def _sample(self, positive: Any, numbers: Sequence[int]) -> None:
        s = self.sampling
        latent_format = self.voter.get_model_object("latent_format")
        ratio = getattr(latent_format, "spacial_downscale_ratio", 8)
        shape = (latent_format.latent_channels, s.height // ratio, s.width // ratio)
        noise = torch.stack([_noise(s.seed, number, shape) for number in numbers])
        comfy.sample.sample(
            self.voter,
            noise,
            s.steps,
            s.cfg,
            s.sampler,
            s.scheduler,
            positive,
            self.negative,
            torch.zeros_like(noise),
            disable_pbar=True,
            seed=_derived(s.seed, f"sampler of prompt: {numbers[0]}"),
        )


def construct(
    model: Any,
    clip: Any,
    words: ConceptWords,
    prompts: Sequence[str],
    sampling: Sampling,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> HeadRelevance:
    """HRVs of `model` by the votes of its heads (arXiv 2412.02237, Algorithm 1).

    Pictures are sampled as usual, one a prompt; `progress(done, total)` counts prompts.
    """
    run = Construction(model, clip, words, prompts, sampling)
    return run.run(lambda now: progress(now.done, now.total)).relevance()


def _check_size(model: Any, sampling: Sampling) -> None:
    ratio = getattr(model.get_model_object("latent_format"), "spacial_downscale_ratio", 8)
    if sampling.width % ratio or sampling.height % ratio:
        raise ValueError(
            f"Width and height must be multiples of {ratio}; found {sampling.width} x "
            f"{sampling.height}."
        )


def _check_width(model: Any, embeddings: WordEmbeddings) -> None:
    layer = cross_attention_layers(model.get_model_object("diffusion_model"))[0]
    wanted, found = layer.attention.to_k.in_features, embeddings.tokens.shape[1]
    if wanted != found:
        raise ValueError(
            f"The model reads text of width {wanted}, but this CLIP gives {found}. Use the CLIP "
            "of the same checkpoint."
        )


def _noise(seed: int, number: int, shape: tuple[int, ...]) -> torch.Tensor:
    """The starting noise of a prompt, from the seed and its number alone."""
    generator = torch.Generator().manual_seed(_derived(seed, f"noise of prompt: {number}"))
    return torch.randn(shape, generator=generator)


def _derived(seed: int, use: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}, {use}".encode()).digest()[:7], "big")
