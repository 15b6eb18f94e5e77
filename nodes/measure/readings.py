"""The conditionings of a word's two readings, made from the conditioning of the whole prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...hrv.measure.readings import Readings
from ..effects.sampling import Conditionings
from ..prompts.encoding import read_alike, untagged
from ..prompts.tag import TAG, Conditioning, Prompt, locate, tagged_prompt

PLAIN, WANTED, INSTEAD, EMPTY = "positive", "wanted", "instead", "negative"
"""The lists of conditionings of one measurement, by the names under which the sampler has them."""


@dataclass(frozen=True)
class Scene:
    """What is measured: a word's readings, the prompts that have it, where, and every list.

    positions: prompt id -> the word's token positions. ValueError where a list has no entry.
    """

    readings: Readings
    prompts: tuple[Prompt, ...]
    positions: Mapping[str, tuple[int, ...]]
    conditionings: Conditionings

    def __post_init__(self) -> None:
        for name, entries in self.conditionings.items():
            if not entries:
                raise ValueError(
                    f"HRV Measure has no conditioning for “{name}”. Connect the CONDITIONING of "
                    "HRV Prompt itself."
                )


def read_scene(clip: Any, conditioning: Conditioning, readings: Readings) -> Scene:
    """The scene of a conditioning made by HRV Prompt. ValueError for a pair or without the word.

    Each reading's conditioning is the prompt's own, entry by entry, with another embedding: areas,
    masks, strengths and ControlNets stay. Without a phrase for `instead` that embedding is of no
    words at all.
    """
    tags = (tagged_prompt(options) for _, options in conditioning)
    if any(prompt is not None and prompt.members for prompt in tags):
        raise ValueError(
            "HRV Measure cannot measure the pair of P2P-HRV Edit. Connect the CONDITIONING of HRV "
            "Prompt itself."
        )
    located = locate(conditioning, readings.word)
    lists: dict[str, Conditioning] = {PLAIN: conditioning, EMPTY: untagged(clip, "")}
    texts = {prompt.id: (*readings.texts(prompt.text), "") for prompt, _ in located}
    for number, name in enumerate((WANTED, INSTEAD)):
        own = {identity: text[number] for identity, text in texts.items()}
        lists[name] = _reading(clip, conditioning, own)
    if read_alike(lists[WANTED], lists[INSTEAD]):
        raise ValueError(
            f"The text encoder reads “{readings.wanted}” and “{readings.instead}” alike. Give two "
            "phrases that the model draws differently."
        )
    positions = {prompt.id: found for prompt, found in located}
    return Scene(readings, tuple(prompt for prompt, _ in located), positions, lists)


def _reading(clip: Any, conditioning: Conditioning, texts: Mapping[str, str]) -> Conditioning:
    """The entries of the prompts in `texts`, each with its text's embedding and without a tag."""
    made = {identity: untagged(clip, text) for identity, text in texts.items()}
    used = dict.fromkeys(made, 0)
    found: Conditioning = []
    for _, options in conditioning:
        prompt = tagged_prompt(options)
        if prompt is None or prompt.id not in made:
            continue
        of_text = made[prompt.id]  # several where CLIP's own patches change over the steps
        embedding, own = of_text[used[prompt.id] % len(of_text)]
        used[prompt.id] += 1
        kept = {key: value for key, value in options.items() if key != TAG}
        found.append([embedding, {**kept, **own}])
    return found
