"""Prompts that are sampled together are weakened as each by itself."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.benchmarks.evidence.lab import Lab
from hrv_pack.benchmarks.evidence.weakening import batches
from hrv_pack.benchmarks.evidence.weakening.batches import Rows, sample_batch
from hrv_pack.benchmarks.evidence.weakening.prompts import Asked, batch
from hrv_pack.demo.sampling import Sampling
from hrv_pack.hrv.head_choice import head_order
from hrv_pack.hrv.rescale import weakening
from hrv_pack.nodes.steering.nodes import HRVOrderedWeaken

pytestmark = pytest.mark.usefixtures("host")
COUNT = 9


class ShortLab(Lab):
    """Two steps an image, kept instead of judged."""

    latents_seen: torch.Tensor

    def see(self, model, positive, seeds, how=None):  # type: ignore[no-untyped-def]
        self.latents_seen = self.latents(model, positive, seeds, Sampling(steps=2))
        return list(self.latents_seen)


@pytest.fixture(scope="module")
def lab() -> ShortLab:
    return ShortLab()


def test_a_batch_equals_ordered_weaken_prompt_by_prompt(lab: ShortLab) -> None:
    asked: list[Asked] = batch(0, 5)[:2] + batch(1, 5)[:1]  # words of one and of two tokens
    concept = lab.relevance.concepts[0]
    r = weakening(head_order(lab.relevance.row(concept), "MoRHF"), COUNT, -2.0)
    together = sample_batch(lab, asked, Rows(r))
    for one, found in zip(asked, together, strict=True):
        prompt = lab.prompt(one["prompt"])
        how = (concept, "MoRHF", float(COUNT), "heads", -2.0)
        model = HRVOrderedWeaken.execute(lab.model, lab.relevance, prompt, *how).args[0]
        (alone,) = lab.see(model, prompt, [one["seed"]])
        torch.testing.assert_close(found, alone, atol=1e-3, rtol=1e-3)
        (plain,) = lab.see(lab.model, prompt, [one["seed"]])
        assert (plain - alone).abs().max() > 0.1


def test_the_start_token_is_never_touched_and_words_and_the_rest_are_apart() -> None:
    words, after, both = (batches._positions((1, 2, 3), 7, name) for name in batches.TOKENS)
    assert (words, after, both) == ((1, 2, 3), (4, 5, 6), (1, 2, 3, 4, 5, 6))
