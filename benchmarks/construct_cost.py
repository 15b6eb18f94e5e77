"""What a construction costs beside plain generation, and what the demo model's HRVs show.

``construct_cost`` measures time; ``construct_cost sdxl`` adds SDXL's size; ``construct_cost
demo`` compares HRVs of two seeds, other batch sizes, and a set with one concept more.
"""

from __future__ import annotations

import dataclasses
import resource
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..demo.concepts import CONCEPTS, prompts
from ..demo.model import load_demo_model
from ..hrv.agreement import split_half
from ..hrv.concepts import concept_words, parse_prompts, read_concepts
from ..hrv.construct import ConceptWords
from ..hrv.heads import CrossAttentionLayer
from ..nodes.concept_library import SHIPPED
from ..nodes.construct_run import Construction, Sampling
from ..nodes.library import PRETRAINED
from ..nodes.voting import Voting
from .full_size import full_size_sd15, full_size_sdxl
from .harness import compare, report

DEMO = Sampling(1, 20, 4.0, "euler", "normal", 64, 64, 1, "paper")


class ProjectingVoting(Voting):
    """Voting that projects the keys of all concept-words again in every call."""

    def _keys(self, layer: CrossAttentionLayer, q: Tensor) -> Tensor:
        self.keys.pop((layer.place, layer.layer), None)
        return super()._keys(layer, q)


def variants(
    model: Any, clip: Any, words: ConceptWords, listed: Sequence[str], sampling: Sampling
) -> dict[str, Callable[[], Any]]:
    """The same pictures plain, voting, and voting with keys projected in every call."""

    def build() -> Construction:
        return Construction(model, clip, words, listed, sampling)

    plain, voting, projecting = build(), build(), build()
    plain.voter = model.clone()
    projecting.voting.__class__ = ProjectingVoting

    def run(construction: Construction) -> Callable[[], Any]:
        def again() -> None:
            construction.record.counted.zero_()
            with torch.inference_mode():
                construction.run()

        return again

    return {
        "plain generation": run(plain),
        "construction": run(voting),
        "keys projected in every call": run(projecting),
    }


def key_megabytes(model: Any, clip: Any, words: ConceptWords, sampling: Sampling) -> float:
    """Memory of the kept keys after one picture."""
    construction = Construction(model, clip, words, ["a photo"], sampling)
    construction.run()
    keys = construction.voting.keys.values()
    return sum(key.numel() * key.element_size() for key in keys) / 1e6


def cost(size: str = "") -> None:
    """Time of the demo model and of SD1.5's or SDXL's size, with the paper's 340 words."""
    words = read_concepts(SHIPPED / "paper34.txt")
    listed = parse_prompts((SHIPPED / "prompts.txt").read_text("utf-8"), 2)
    with torch.inference_mode():
        demo, demo_clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
    shown = list(prompts(4, 1))
    runs = variants(demo, demo_clip, concept_words(CONCEPTS), shown, DEMO)
    report("construction, demo model", compare(runs, rounds=5))
    small = dataclasses.replace(DEMO, steps=2, width=256, height=256)
    model, clip = full_size_sdxl() if size == "sdxl" else full_size_sd15()
    name = "SDXL" if size == "sdxl" else "SD1.5"
    runs = variants(model, clip, words, listed[:1], small)
    report(f"construction, {name}-size UNet, 256 x 256", compare(runs, rounds=3))
    with torch.inference_mode():
        print(f"  keys of 340 words: {key_megabytes(model, clip, words, small):.0f} MB")
    print(f"  largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


def demo(how_many: str = "200") -> None:
    """Cosines on the demo model: two seeds, one concept more, exact and shared U-Net calls."""
    with torch.inference_mode():
        model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")

        def votes(words: ConceptWords, count: int, seed: int = 1, **changes: Any) -> Construction:
            changed = {"exact": False, "batch": 20, **changes}
            sampling = dataclasses.replace(DEMO, seed=seed, **changed)
            construction = Construction(model, clip, words, list(prompts(count, seed)), sampling)
            construction.run()
            return construction

        words, count = concept_words(CONCEPTS), int(how_many)
        first, second = votes(words, count), votes(words, count, seed=2)
        pair = torch.stack([first.record.total, second.record.total])[:, None]
        print(f"two seeds, {count} prompts each")
        print(split_half(pair).table(words.concepts))
        fewer = ConceptWords(words.concepts[:-1], words.words[:-1])
        old = votes(fewer, count).record.total
        both = torch.stack([old, first.record.total[:-1]])[:, None]
        print(f"cosine of the others without and with {words.concepts[-1]}")
        print(split_half(both).table(fewer.concepts))
        differing(first.record.total, votes(words, count, batch=5).record.total)


def differing(one: Tensor, other: Tensor) -> None:
    """Print how many votes two batch sizes give to another concept."""
    moved = int((one - other).abs().sum()) // 2
    print(f"votes that another batch size moved: at least {moved} of {int(one.sum())}")


def main(what: str = "", *arguments: str) -> None:
    """Run the part that is asked for."""
    if what == "demo":
        demo(*arguments)
    else:
        cost(what)
