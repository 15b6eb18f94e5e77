"""What a construction costs beside plain generation of the same images.

    python tools/host.py run -m tools.pack benchmarks.costs.construct [demo|sd15|sdxl]

All variants take turns in one run. "Keys projected in every call" is the way of the paper's
authors. The models of true size make small images, for a CPU's sake: larger ones spend a
smaller share of their time in cross-attention, which is where voting adds work. On a CPU the
clock is the processor's, so that other programs do not count. SDXL's text encoders, of no
interest here, are replaced by random numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ...demo.concepts import CONCEPTS, prompts
from ...hrv.construct.algorithm import draw_words, mean_attention
from ...hrv.construct.concepts import ConceptWords, concept_words
from ...hrv.construct.prompts import parse_prompts
from ...hrv.files.concept_file import read_concepts
from ...hrv.heads import CrossAttentionLayer
from ...nodes.construct.ballot import ProjectedWords
from ...nodes.construct.run import Construction
from ...nodes.construct.settings import Batching, ConstructSettings, Sampling
from ...nodes.construct.voted import Voted
from ...nodes.construct.voting import Voting
from ...nodes.host.hooks import Call
from ...nodes.library.concept_lists import SHIPPED
from .full_size import full_size_sd15, full_size_sdxl
from .harness import compare, report
from .memory import working_memory
from .sampling import demo_model, quiet_clock

DEMO = ConstructSettings(
    sampling=Sampling(seed=1, steps=20, cfg=4.0, width=64, height=64),
    batching=Batching(size=8, exact=False),
)
SMALL = ConstructSettings(
    sampling=Sampling(seed=1, steps=1, cfg=4.0, width=256, height=256),
    batching=Batching(size=1, exact=False),
)
PLAIN, VOTING, PROJECTING = "plain generation", "construction", "keys projected in every call"
PLAIN_EXACT, EXACT = "plain, one by one", "construction, one by one (exact)"
TIME_LIMIT, MEMORY_LIMIT = 1.10, 300e6


class ProjectedAgain(ProjectedWords):
    """Keys of all concept-words that are projected again in every call."""

    def of(self, call: Call, layer: CrossAttentionLayer, q: Tensor) -> Tensor:
        self.keys.pop((layer.stage, layer.layer), None)
        return super().of(call, layer, q)


class RandomText:
    """A CLIP whose embeddings are random numbers of SDXL's shape, there at once."""

    def __init__(self, clip: Any) -> None:
        self._clip = clip

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clip, name)

    def encode_from_tokens(
        self, _tokens: Any, return_pooled: bool = False, return_dict: bool = False
    ) -> Any:
        rows, pooled = torch.randn(1, 77, 2048), torch.randn(1, 1280)
        return {"cond": rows, "pooled_output": pooled} if return_dict else rows

    def encode_from_tokens_scheduled(self, tokens: Any) -> Any:
        found = self.encode_from_tokens(tokens, return_dict=True)
        return [[found.pop("cond"), found]]


@dataclasses.dataclass(frozen=True)
class Case:
    """A model, what it draws, and how; pixels: of its largest cross-attention at usual size."""

    name: str
    model: Any
    clip: Any
    words: ConceptWords
    prompts: Sequence[str]
    settings: ConstructSettings
    pixels: int

    def build(
        self, keys: type[ProjectedWords] | None = ProjectedWords, exact: bool = False
    ) -> Construction:
        """A construction of it; without a kind of keys, plain sampling of its images."""
        batching = dataclasses.replace(self.settings.batching, exact=exact)
        settings = dataclasses.replace(self.settings, batching=batching)
        found = Construction(self.model, self.clip, self.words, self.prompts, settings)
        if keys is None:
            voted(found).sampler.model = self.model.clone()
        else:
            voting = voted(found).voting
            voting.keys = keys(voting.ballot.embeddings)
        return found


def voted(construction: Construction) -> Voted:
    """Its method, that of the recipes with votes."""
    method = construction.method
    if not isinstance(method, Voted):
        raise TypeError("only recipes with votes are compared here")
    return method


def again(construction: Construction) -> Callable[[], Any]:
    """A run of all images, any number of times."""

    def run() -> None:
        construction.record.counted.zero_()
        with torch.inference_mode():
            construction.run()

    return run


def score_memory(case: Case, voting: Voting) -> int:
    """The most bytes that scoring takes in the largest layer, for one image of usual size."""
    ballot = voting.ballot
    heads = ballot.heads
    stage, number, count = heads.layers[0]
    keys = voting.keys.keys[stage, number]
    draws = draw_words(case.words, heads, "paper", 0, 0, 0)[None]
    drawn = ballot.layout.place(draws, keys.device).layer(heads.span(stage, number))
    q = torch.randn(1, count, case.pixels, keys.shape[2], device=keys.device)
    return working_memory(lambda: mean_attention(q, keys, drawn))


def measure(case: Case, rounds: int) -> None:
    """Print and keep time and memory, and whether they are within the limits."""
    voting = case.build()
    kinds = {PLAIN: case.build(None), VOTING: voting, PROJECTING: case.build(ProjectedAgain)}
    if case.settings.batching.size > 1:
        kinds |= {PLAIN_EXACT: case.build(None, True), EXACT: case.build(exact=True)}
    runs = {name: again(construction) for name, construction in kinds.items()}
    result = compare(runs, rounds, quiet_clock())
    keys = sum(key.numel() * key.element_size() for key in voted(voting).voting.keys.keys.values())
    scores = score_memory(case, voted(voting).voting)
    more = working_memory(runs[VOTING]) - working_memory(runs[PLAIN])
    result[VOTING] |= {"key_bytes": keys, "score_bytes": scores, "more_working_bytes": more}
    report(f"construction, {case.name}", result)
    ratio, extra = result[VOTING]["ratio"]["median"], keys + max(scores, more)
    print(
        f"  keys {keys / 1e6:.0f} MB; scores at most {scores / 1e6:.0f} MB at usual image size; "
        f"measured working memory here {more / 1e6:+.0f} MB\n"
        f"  time within x {TIME_LIMIT:.2f}: {'yes' if ratio <= TIME_LIMIT else 'NO'}; "
        f"memory within {MEMORY_LIMIT / 1e6:.0f} MB: {'yes' if extra <= MEMORY_LIMIT else 'NO'}",
        flush=True,
    )


def main(what: str = "demo") -> None:
    """Measure at one size; the rounds keep each below four minutes of one processor."""
    paper = read_concepts(SHIPPED / "paper34.txt")
    listed = parse_prompts((SHIPPED / "prompts.txt").read_text("utf-8"), 2)
    with torch.inference_mode():
        if what == "demo":
            model, clip, _channels = demo_model()
            words, shown = concept_words(CONCEPTS), list(prompts(8, 1))
            case = Case("demo model", model, clip, words, shown, DEMO, 64)
        elif what == "sd15":
            two = dataclasses.replace(SMALL, batching=Batching(size=2, exact=False))
            case = Case(f"SD1.5-size, {_size(two)}", *full_size_sd15(), paper, listed, two, 4096)
        elif what == "sdxl":
            model, clip = full_size_sdxl()
            name = f"SDXL-size, {_size(SMALL)}"
            case = Case(name, model, RandomText(clip), paper, listed[:1], SMALL, 4096)
        else:
            raise ValueError(f"Name demo, sd15 or sdxl; found {what}.")
        measure(case, rounds={"demo": 5, "sd15": 3, "sdxl": 2}[what])


def _size(settings: ConstructSettings) -> str:
    how, images = settings.sampling, settings.batching.size
    return f"random weights, {images} of {how.width} x {how.height}, {how.steps} step"
