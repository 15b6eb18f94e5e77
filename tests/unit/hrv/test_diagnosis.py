"""What the diagnosis says of a word, and how heat is drawn."""

from __future__ import annotations

import torch
from head_tables import SD1

from hrv_pack.hrv.diagnosis import Reading, claim, overlaps, shares, verdict
from hrv_pack.hrv.head_choice import named_heads
from hrv_pack.hrv.maps import LayerMaps
from hrv_pack.hrv.word_maps import iou


def test_the_verdict_names_the_adjustment_only_where_it_helps():
    def said(*parts):
        concepts = ("Animals", "Electronics", "Color")[: len(parts)]
        square = torch.eye(len(parts))
        return verdict(Reading("mouse", concepts, torch.tensor(parts), square, square[0]))

    advice = "Concept Adjust: words mouse, desired Animals, undesired Electronics"
    assert advice in said(0.3, 0.7) and "read more as" in said(0.3, 0.7)
    assert advice in said(0.2, 0.5, 0.3)
    assert "No adjustment is needed" in said(0.7, 0.3)
    assert "No concept leads clearly" in said(0.49, 0.51)


def test_overlaps_are_symmetric_with_ones_between_equals():
    masks = torch.rand(3, 6, 5) > 0.5
    found = overlaps(masks)
    assert torch.equal(found, found.T) and torch.equal(found.diagonal(), torch.ones(3))
    assert found[0, 1] == iou(masks[:1], masks[1:2])[0]


def test_a_claim_is_a_mean_over_heads_tokens_and_pixels():
    word = [LayerMaps(s, n, torch.rand(2, h, 3, 4, 5)) for s, n, h in SD1.layers]
    chosen = named_heads("d0.1, u2.3-5", SD1)
    kept = [word[0].maps[:, 1:2], word[9].maps[:, 3:6]]
    literal = torch.cat(kept, dim=1).double().mean(dim=(1, 2, 3, 4))
    torch.testing.assert_close(claim(word, SD1, chosen).double(), literal, atol=1e-6, rtol=0)
    assert torch.equal(claim(word, SD1, torch.zeros(128, dtype=torch.bool)), torch.zeros(2))


def test_shares_sum_to_one_and_follow_the_chosen_heads():
    word = [LayerMaps(s, n, torch.full((1, h, 2, 4, 4), 0.1)) for s, n, h in SD1.layers]
    loud = named_heads("u2.3", SD1)
    for layer in word:
        if (layer.stage, layer.layer) == ("up", 2):
            layer.maps[:, 3] = 0.3
    claims = torch.stack([claim(word, SD1, c) for c in (loud, named_heads("d0.0", SD1))])
    torch.testing.assert_close(claims[:, 0], torch.tensor([0.3, 0.1]))
    torch.testing.assert_close(shares(claims[:, 0]), torch.tensor([0.75, 0.25]))
