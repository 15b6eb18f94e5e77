"""Recipe measured: prompts drawn from templates, sampled with their swaps, and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch

from ....hrv.measure.concept import ConceptEffects
from ....hrv.measure.concept_prompts import draw_prompt, parse_templates
from ....hrv.measure.concept_record import ConceptRecord
from ...effects.sampling import Guidance, sample_lists, sampled_together
from ...host.patching import add_hooks
from ...prompts.encoding import read_alike, untagged
from ...prompts.tag import Conditioning, prompts_of, read_prompt, tag
from ...shared.noise import derived_seed, latent_shape, seeded_noise
from ..settings import ConstructSettings
from .hook import EMPTY, PLAIN, ConceptMeasuring, SwapScene


class Measured:
    """Measures the images of a record's prompts, as drawn from the templates, and adds to it.

    sampled: votes, of which there are none. ValueError for templates that cannot be used.
    """

    def __init__(
        self, model: Any, clip: Any, record: ConceptRecord, settings: ConstructSettings
    ) -> None:
        self.model, self.clip, self.record, self.settings = model, clip, record, settings
        self.templates = parse_templates(settings.measuring.templates, record.words)
        self.sampled: dict[int, torch.Tensor] = {}
        sampling = settings.sampling
        self.shape = latent_shape(model, sampling.width, sampling.height)
        self.empty = untagged(clip, "")

    def samplings(self, missing: Mapping[int, str]) -> Iterator[Callable[[], None]]:
        """The measurement of each of these prompts."""
        for number in missing:
            yield partial(self._measure, number)

    def remarks(self) -> str:
        """Nothing else is to be told."""
        return ""

    def _measure(self, number: int) -> None:
        seed, scene = self.settings.sampling.seed, self.scene(number)
        size = len(self.record.words.concepts), len(self.record.heads)
        found = [ConceptEffects.none(*size)]
        for images in sampled_together(self.settings.measuring.images, self.shape):
            hook = ConceptMeasuring(scene, found[-1], found.append)
            noise = torch.stack([self._noise(number, image) for image in images])
            self._sample(hook, noise, derived_seed(seed, f"sampler of prompt: {number}"))
        self.record.add(number, found[-1])

    def _sample(self, hook: ConceptMeasuring, noise: torch.Tensor, seed: int) -> None:
        how = self.settings.sampling
        guidance = Guidance(how.sampler, how.scheduler, how.steps, how.cfg)
        lists = hook.scene.conditionings
        sample_lists(add_hooks(self.model, [hook]), lists, guidance, noise, seed)

    def _noise(self, number: int, image: int) -> torch.Tensor:
        name = f"noise of prompt: {number}, image: {image}"
        return seeded_noise(self.settings.sampling.seed, name, self.shape)

    def scene(self, number: int) -> SwapScene:
        """The prompt with this number and its swaps, encoded; ValueError if two read alike."""
        seed, words = self.settings.sampling.seed, self.record.words
        swaps = self.settings.measuring.swaps
        drawn = draw_prompt(self.templates, words, seed, number, swaps)
        tokens = self.clip.tokenize(drawn.text)
        read = read_prompt(self.clip, tokens, drawn.text, drawn.text)
        plain = tag(self.clip.encode_from_tokens_scheduled(tokens), read)
        (prompt,) = prompts_of(plain)  # its words where the encoder has put them
        lists: dict[str, Conditioning] = {PLAIN: plain, EMPTY: self.empty}
        names = []
        for place, swap in enumerate(drawn.swaps):
            others = {f"{place} {text}": untagged(self.clip, text) for text in swap.texts}
            for text, other in zip(swap.texts, others.values(), strict=True):
                if read_alike(plain, other):
                    raise ValueError(
                        f"The text encoder reads “{drawn.text}” and “{text}” alike. Give "
                        f"“{words.concepts[swap.concept]}” words that it tells apart."
                    )
            lists |= others
            names.append((swap.concept, tuple(others)))
        return SwapScene(prompt, tuple(names), lists)
