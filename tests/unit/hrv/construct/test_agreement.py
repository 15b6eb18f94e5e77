"""Halves are compared as numpy and scipy compare them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from hrv_pack.hrv.construct.agreement import split_half


def test_agreement_equals_numpy_and_scipy():
    votes = torch.randint(0, 5, (2, 3, 4, 60), generator=torch.Generator().manual_seed(0))
    found = split_half(votes)
    counts = votes.sum(dim=1).double().numpy()
    a, b = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for i in range(4):
        cosine = a[i] @ b[i] / np.linalg.norm(a[i]) / np.linalg.norm(b[i])
        assert float(found.cosine[i]) == pytest.approx(cosine)
        assert float(found.rank[i]) == pytest.approx(spearmanr(a[i], b[i]).statistic)


def test_equal_halves_agree_and_an_unseen_concept_does_not():
    half = torch.randint(1, 9, (1, 1, 3, 40), generator=torch.Generator().manual_seed(1))
    votes = torch.cat([half, half])
    torch.testing.assert_close(split_half(votes).cosine, torch.ones(3, dtype=torch.float64))
    votes[1, :, 2] = 0
    agreement = split_half(votes)
    assert float(agreement.cosine[2]) == 0.0
    assert agreement.worst == 2
    assert "worst 0.000, c" in agreement.summary(("a", "b", "c"))
    votes[1] = 0  # a single image
    assert "not known" in split_half(votes).summary(("a", "b", "c"))
