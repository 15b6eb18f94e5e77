"""How far the demo model's HRVs depend on what they should not depend on.

    python tools/host.py run -m tools.pack benchmarks.studies.construct_agreement [PROMPTS]

Cosine and rank correlation of each concept's two HRVs: from two seeds, and without and with one
more concept in the set (the paper's Appendix J). Then the votes that another batch moves where
the images of a batch share their U-Net calls.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from ...demo.concepts import CONCEPTS, prompts
from ...demo.model import load_demo_model
from ...hrv.construct.agreement import split_half
from ...hrv.construct.concepts import ConceptWords, concept_words
from ...hrv.construct.votes import VoteRecord
from ...nodes.construct.run import Construction
from ...nodes.construct.settings import Batching, ConstructSettings, Sampling
from ...nodes.library.folders import PRETRAINED

SAMPLING = Sampling(seed=1, steps=20, cfg=4.0, width=64, height=64)


def main(how_many: str = "200") -> None:
    """Compare, with so many prompts for each construction."""
    with torch.inference_mode():
        model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")

        def votes(words: ConceptWords, seed: int = 1, batch: int = 20) -> Tensor:
            settings = ConstructSettings(
                sampling=dataclasses.replace(SAMPLING, seed=seed),
                batching=Batching(size=batch, exact=False),
            )
            listed = list(prompts(int(how_many), seed))
            record = Construction(model, clip, words, listed, settings).run()
            if not isinstance(record, VoteRecord):
                raise TypeError("votes are compared here")
            return record.total

        words = concept_words(CONCEPTS)
        first, second = votes(words), votes(words, seed=2)
        print(f"two seeds, {how_many} prompts each")
        compare(words, first, second)
        fewer = ConceptWords(words.concepts[:-1], words.words[:-1])
        print(f"the others without and with {words.concepts[-1]}")
        compare(fewer, votes(fewer), first[:-1])
        moved = int((first - votes(words, batch=5)).abs().sum()) // 2
        print(f"votes that another batch moved: at least {moved} of {int(first.sum())}")


def compare(words: ConceptWords, one: Tensor, other: Tensor) -> None:
    """Print the agreement of two sets of votes (N, H)."""
    agreement = split_half(torch.stack([one, other])[:, None])
    print(agreement.table(words.concepts))
    print(agreement.summary(words.concepts).replace("halves agree", "both"))
