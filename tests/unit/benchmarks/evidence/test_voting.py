"""HRVs of votes, and their cosine."""

from __future__ import annotations

import numpy as np
import torch

from hrv_pack.benchmarks.evidence.voting import cosine, hrvs
from hrv_pack.hrv.construct.vectors import normalise_votes


def test_hrvs_are_those_of_the_construction():
    votes = np.random.default_rng(2).integers(0, 9, (5, 12)) + 1
    expected = normalise_votes(torch.from_numpy(votes)).numpy()
    np.testing.assert_allclose(hrvs(votes), expected, rtol=1e-6)
    votes[2] = 0
    assert (hrvs(votes)[2] == 0).all()
    assert float(cosine(hrvs(votes)[2], hrvs(votes)[1])) == 0
