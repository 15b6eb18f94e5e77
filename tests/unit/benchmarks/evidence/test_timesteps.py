"""HRVs over the timesteps, and a concept added to the set, of made-up votes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence.timesteps.added import new_concept
from hrv_pack.benchmarks.evidence.timesteps.alike import alike, off_diagonal, tenths
from hrv_pack.benchmarks.evidence.timesteps.experiment import Timesteps
from hrv_pack.benchmarks.evidence.timesteps.published import FOLDER
from hrv_pack.benchmarks.evidence.timesteps.separation import nearest_share, separation
from hrv_pack.benchmarks.evidence.timesteps.sets import dealt_words
from hrv_pack.benchmarks.evidence.timesteps.tsne import affinities, divergence, gradient, tsne
from hrv_pack.benchmarks.evidence.timesteps.words import added_sentence
from hrv_pack.benchmarks.evidence.voting import cosine, hrvs
from hrv_pack.demo.concepts import CONCEPTS


def _part_votes(by_concept: bool, batches: int = 4, parts: int = 6, concepts: int = 5):
    """Votes (batches, T, N, H) that go with the concept, or with the part alone."""
    rng = np.random.default_rng(3)
    heads = 30
    own = rng.integers(0, concepts, heads)
    rates = np.full((parts, concepts, heads), 1.0)
    if by_concept:
        rates[:, own, np.arange(heads)] = 20
    else:
        rates *= rng.uniform(0.2, 20, (parts, 1, heads))
    return rng.poisson(rates * 5, (batches, *rates.shape))


def test_concepts_that_stay_and_concepts_that_do_not_are_told_apart():
    stays, moves = separation(_part_votes(True)), separation(_part_votes(False))
    assert stays["across"] > stays["within"] + 0.2
    assert stays["nearest"] == 1
    assert stays["interval"][0] > 0.2
    assert moves["nearest"] < 0.6
    assert abs(moves["across"] - moves["within"]) < 0.1


def _timestep_rows(votes):
    names = [f"c{i}" for i in range(votes.shape[2])]
    return [
        {"kind": "parts", "without": "", "concepts": names, "prompts": 20, "votes": v.tolist()}
        for v in votes
    ]


def test_the_timestep_sentence_follows_the_numbers(tmp_path):
    one = Timesteps()
    assert "As in the paper" in one.summarise(_timestep_rows(_part_votes(True))).sentence
    votes = _part_votes(True)
    mixed = np.random.default_rng(0).poisson(20, votes.shape)
    assert "not seen here" in one.summarise(_timestep_rows(mixed)).sentence
    data = json.loads(json.dumps(one.summarise(_timestep_rows(votes)).data))
    for name in one.figures(data, tmp_path):
        assert (tmp_path / name).stat().st_size > 5000


def test_words_dealt_at_random_are_told_as_they_are():
    one = Timesteps()
    rows = _timestep_rows(_part_votes(True))
    mixed = np.random.default_rng(0).poisson(20, _part_votes(True).shape)
    for votes, said in ((_part_votes(True), "do not show"), (mixed, "takes real concepts")):
        dealt = [{**row, "kind": "dealt"} for row in _timestep_rows(votes)]
        assert any(said in text for text in one.summarise(rows + dealt).findings)
    words = sorted(word for listed in CONCEPTS.values() for word in listed)
    assert sorted(word for listed in dealt_words().values() for word in listed) == words


def test_the_mean_over_concepts_is_constant_where_only_the_shares_of_votes_change():
    shares = np.random.default_rng(6).dirichlet(np.ones(5), size=(7, 30)).transpose(0, 2, 1)
    found = alike(shares)  # T N H: every head casts one vote at every step
    assert np.array(found["means"]) == pytest.approx(1)
    assert found["across"] < 0.95
    low, mean = off_diagonal([[1.0, 0.5], [0.7, 1.0]])
    assert (low, mean) == (0.5, pytest.approx(0.6))


def test_steps_are_shared_out_to_tenths():
    vectors = np.arange(51.0)[:, None, None] * np.ones((1, 2, 3))
    found = tenths(vectors)
    assert found.shape == (10, 2, 3)
    assert found[0, 0, 0] == 2.5 and found[-1, 0, 0] == 48


def test_the_authors_vectors_are_counted_where_they_are_at_hand(monkeypatch, authors):
    study = Timesteps().published
    monkeypatch.delenv(FOLDER, raising=False)
    assert study.cases("full") == []
    monkeypatch.setenv(FOLDER, str(authors))
    (case,) = study.cases("full")
    row = study.run(None, case)
    assert row["shape"] == [51, 34, 128]
    assert row["steps"]["across"] > 0.85 > 0.4 > row["steps"]["within"]
    summary = Timesteps().summarise([*_timestep_rows(_part_votes(True)), row])
    assert any("authors' vectors of SD1.4 (51 steps, 34 concepts)" in t for t in summary.findings)


def test_the_nearest_part_is_never_the_hrv_itself():
    vectors = np.random.default_rng(0).random((4, 3, 50))
    assert nearest_share(vectors) < 0.9
    assert nearest_share(np.repeat(vectors[:1], 4, axis=0)) == 1


def _set_row(kind, without, votes, names):
    kept = [i for i, name in enumerate(names) if name != without]
    return {
        "kind": kind,
        "without": without,
        "concepts": [names[i] for i in kept],
        "prompts": 20,
        "votes": votes[None, kept].tolist(),
    }


def test_a_new_concept_is_held_against_other_prompts():
    rng = np.random.default_rng(4)
    names, base = [f"c{i}" for i in range(4)], rng.integers(1, 40, (4, 30))
    rows = [_set_row("all", "", base, names), _set_row("rerun", "", base + 1, names)]
    rows.append(_set_row("without", "c3", base, names))
    found = new_concept(rows)
    kept, every = hrvs(base[:3]), hrvs(base)
    expected = [float(cosine(kept[i], every[i])) for i in range(3)]
    assert found["rows"]["c3"] == pytest.approx([np.mean(expected), min(expected)])
    assert found["rerun"][0] > 0.95


def test_tsne_follows_its_gradient_and_keeps_clusters_apart():
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(4, 10)) * 8
    points = np.repeat(centres, 12, axis=0) + rng.normal(size=(48, 10))
    p = affinities(points, 8)
    assert p.sum() == pytest.approx(1)
    widths = (p > 0).sum(axis=1)
    assert widths.min() > 8
    places = rng.normal(size=(48, 2))
    slope, step = gradient(p, places), 1e-5
    nudged = places.copy()
    nudged[7, 1] += step
    numeric = (divergence(p, nudged) - divergence(p, places)) / step
    assert slope[7, 1] == pytest.approx(numeric, rel=1e-3)
    found = tsne(points, 8)
    labels = np.repeat(np.arange(4), 12)
    distances = ((found[:, None] - found[None]) ** 2).sum(-1)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).all()
    np.testing.assert_array_equal(found, tsne(points, 8))


def test_an_empty_run_says_that_it_measured_nothing():
    assert "Not measured" in Timesteps().summarise([]).sentence


@pytest.mark.parametrize(
    ("interval", "said"),
    [([0.97, 0.99], "more than"), ([0.97, 0.998], "about as much as"), ([0.998, 1.0], "less than")],
)
def test_what_a_new_concept_changes_is_told_against_other_prompts(interval, said):
    added = {"rows": {"Color": [0.98]}, "interval": interval, "mean": 0.98, "rerun": [0.997]}
    added["less than rerun"] = [0.997 - interval[1], 0.997 - interval[0]]
    assert f"changes the old HRVs {said} other prompts" in added_sentence(added)
