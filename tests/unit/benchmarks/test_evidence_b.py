"""Two objects, timesteps and broken HRVs: what their summaries say of made-up rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence.breaking import experiment as breaking
from hrv_pack.benchmarks.evidence.breaking.agreement import agreement_by_count, kinship
from hrv_pack.benchmarks.evidence.breaking.weakening import MEASURES, areas
from hrv_pack.benchmarks.evidence.framework import SEEDS
from hrv_pack.benchmarks.evidence.multi_object import attention as multi_object_why
from hrv_pack.benchmarks.evidence.multi_object import experiment as multi_object
from hrv_pack.benchmarks.evidence.multi_object.snapshots import pack, row_of, unpack
from hrv_pack.benchmarks.evidence.multi_object.summary import summarise
from hrv_pack.benchmarks.evidence.timesteps import experiment as timesteps
from hrv_pack.benchmarks.evidence.timesteps.experiment import nearest_share, new_concept, separation
from hrv_pack.benchmarks.evidence.timesteps.tsne import affinities, divergence, gradient, tsne
from hrv_pack.benchmarks.evidence.timesteps.words import added_sentence
from hrv_pack.benchmarks.evidence.voting import cosine, hrvs
from hrv_pack.demo.captions import meanings
from hrv_pack.demo.world import BARE
from hrv_pack.hrv.construct.vectors import normalise_votes

EVERY = (multi_object.EXPERIMENT, timesteps.EXPERIMENT, breaking.EXPERIMENT)
each_experiment = pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)


@each_experiment
@pytest.mark.parametrize("size", ["quick", "full"])
def test_cases_are_fixed_plain_data_with_seeds_of_their_own(one, size):
    cases = one.cases(size)
    assert json.loads(json.dumps(cases)) == json.loads(json.dumps(one.cases(size)))
    assert len({json.dumps(case, sort_keys=True) for case in cases}) == len(cases)
    for case in cases:
        for seed in case.get("seeds", [case.get("seed")]):
            assert SEEDS[one.name] <= seed < SEEDS[one.name] + 100_000
        assert one.cost(case) > 0


def test_the_full_benchmark_of_two_objects_has_the_promised_size():
    cases = multi_object.EXPERIMENT.cases("full")
    assert len(cases) >= 60
    assert all(len(case["seeds"]) >= 10 for case in cases)
    assert len({multi_object.prompt_of(case) for case in cases}) == len(cases)
    for case in cases:
        assert len({*case["kinds"]}) == len({*case["colours"]}) == 2
        assert not {*case["kinds"]} & BARE.keys()


def test_a_colour_counts_only_on_its_own_object():
    class Seen:
        def __init__(self, **found):
            self.found = found

        def find(self, kind):
            return self.found.get(kind)

    def thing(colour):
        return type("Thing", (), {"colour": colour})

    wanted = [("cat", "red"), ("fish", "blue")]
    swapped = Seen(cat=thing("blue"), fish=thing("red"))
    assert multi_object.outcome(wanted, swapped) == [True, True, False, False]
    assert multi_object.outcome(wanted, Seen(cat=thing("red"))) == [True, False, True, False]


def _rows(plain: float, excite: float, hrv: float, prompts: int = 40, pictures: int = 10):
    rng = np.random.default_rng(0)
    shares = {"plain": plain, "A&E": excite, "A&E-HRV": hrv}
    return [
        {
            "prompt": f"prompt {n}",
            "methods": {
                method: {
                    "pictures": [[True, True, True, bool(rng.random() < share)]] * 1
                    + [[bool(x)] * 4 for x in rng.random(pictures - 1) < share],
                    "seconds": 1.0,
                    "kept": [],
                }
                for method, share in shares.items()
            },
            "attended": {"8 x 8": [[0.5] * pictures] * 2},
        }
        for n in range(prompts)
    ]


@pytest.mark.parametrize(
    ("hrv", "said"), [(0.8, "As in the paper"), (0.5, "not seen"), (0.2, "Unlike in the paper")]
)
def test_two_objects_are_told_as_they_are(hrv, said):
    summary = summarise(_rows(0.5, 0.5, hrv), multi_object.METHODS)
    assert said in summary["sentence"]
    low, high = summary["interval"]
    table = summary["tables"][0]["rows"]
    assert [row[0] for row in table] == list(multi_object.METHODS)
    assert low < summary["data"]["shares"]["A&E-HRV"]["both objects and both colours"]["share"]
    assert high > low
    assert "no clear change" in summary["findings"][0]


def test_other_settings_are_told_from_their_own_prompts():
    rows = _rows(0.5, 0.5, 0.5, prompts=20)
    assert len(summarise(rows, multi_object.METHODS)["tables"]) == 2
    better = _rows(0.5, 0.5, 0.9, prompts=8)
    for row, other in zip(rows, better, strict=False):
        row["methods"]["A&E-HRV, strength 3"] = other["methods"]["A&E-HRV"]
    summary = summarise(rows, multi_object.METHODS)
    assert len(summary["tables"]) == 3
    (settings,) = (text for text in summary["findings"] if "by setting" in text)
    assert "8 prompts: A&E no clear change (" in settings
    assert "A&E-HRV, strength 3 helps (+" in settings


def test_whether_attention_tells_presence_is_told_by_resolution():
    rows = _rows(0.5, 0.5, 0.5)
    for row in rows:
        there = [[picture[i] for picture in row["methods"]["plain"]["pictures"]] for i in (0, 1)]
        known = [[0.2 + 0.5 * value for value in one] for one in there]
        row["attended"] = {"8 x 8": known, "4 x 4": [[0.5] * 10] * 2}
    (text,) = multi_object_why.finding(rows)
    assert "8 x 8 maps 1.00 [1.00, 1.00] (it tells)" in text
    assert "4 x 4 maps 0.50 [0.50, 0.50] (not clearly)" in text
    for row in rows:
        row["methods"]["plain"]["pictures"] = [[True] * 4] * 10
    assert multi_object_why.finding(rows) == []
    assert multi_object_why.finding(_rows(0.5, 0.5, 0.5, prompts=2)) == []


def test_snapshots_come_back_bit_for_bit():
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    packed = pack(pixels / 255)
    assert (unpack(packed) == pixels).all()
    assert row_of([packed, packed]).shape == (64, 64 + 3 + 64, 3)


def test_hrvs_are_those_of_the_construction():
    import torch

    votes = np.random.default_rng(2).integers(0, 9, (5, 12)) + 1
    expected = normalise_votes(torch.from_numpy(votes)).numpy()
    np.testing.assert_allclose(hrvs(votes), expected, rtol=1e-6)
    votes[2] = 0
    assert (hrvs(votes)[2] == 0).all()
    assert float(cosine(hrvs(votes)[2], hrvs(votes)[1])) == 0


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
    one = timesteps.EXPERIMENT
    assert "As in the paper" in one.summarise(_timestep_rows(_part_votes(True)))["sentence"]
    votes = _part_votes(True)
    mixed = np.random.default_rng(0).poisson(20, votes.shape)
    assert "not seen here" in one.summarise(_timestep_rows(mixed))["sentence"]
    summary = json.loads(json.dumps(one.summarise(_timestep_rows(votes))))
    for name in one.figures(summary, tmp_path):
        assert (tmp_path / name).stat().st_size > 5000


def test_words_dealt_at_random_are_told_as_they_are():
    one = timesteps.EXPERIMENT
    rows = _timestep_rows(_part_votes(True))
    mixed = np.random.default_rng(0).poisson(20, _part_votes(True).shape)
    for votes, said in ((_part_votes(True), "do not show"), (mixed, "takes real concepts")):
        dealt = [{**row, "kind": "dealt"} for row in _timestep_rows(votes)]
        assert said in one.summarise(rows + dealt)["findings"][0]
    words = sorted(word for listed in timesteps.CONCEPTS.values() for word in listed)
    assert sorted(word for listed in timesteps.dealt_words().values() for word in listed) == words


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


def test_more_prompts_agree_better_and_a_missing_concept_is_counted():
    rng = np.random.default_rng(6)
    votes = rng.poisson(rng.gamma(0.3, 1, (1, 6, 40)), (60, 6, 40))
    found = agreement_by_count(votes)
    assert found["counts"] == [1, 2, 5, 10, 20]
    assert found["mean"] == sorted(found["mean"])
    votes[:, 2] = 0
    assert agreement_by_count(votes)["lost"][-1] == 1


def _weaken_rows(variant: str, gap: float, prompts: int = 12):
    rng = np.random.default_rng(7)

    def shares(centre: float) -> list[list[float]]:
        return np.clip(rng.normal(centre, 0.05, (3, len(MEASURES))), 0, 1).tolist()

    found = [
        {"prompt": str(i), "MoRHF": shares(0.5), "LeRHF": shares(0.5 + gap)} for i in range(prompts)
    ]
    return [{"kind": "weaken", "variant": variant, "draw": 0, "concept": "", "prompts": found}]


def test_an_area_without_effect_has_zero_in_its_interval():
    none, large = (areas(_weaken_rows("x", gap))["x"]["colours"] for gap in (0.0, 0.4))
    assert none["interval"][0] < 0 < none["interval"][1]
    assert large["interval"][0] > 0.3


def test_kinship_finds_the_nearest_concept_and_the_share_of_votes():
    votes = np.array([[9, 1, 0, 0], [8, 2, 0, 0], [0, 0, 5, 5]])
    rows = [
        {"kind": "set", "set": "s", "concepts": ["a", "b", "c"], "votes": votes.tolist()}
        for _ in range(2)
    ]
    found = kinship(rows)["s"]
    assert found["a"]["nearest"][0] == "b"
    assert found["c"]["votes"] == pytest.approx(1 / 3)
    assert found["a"]["agreement"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("gap", "said"), [(0.0, "is not seen here"), (-0.4, "parts the weakening")]
)
def test_broken_hrvs_are_told_as_they_are(gap, said, tmp_path):
    rng = np.random.default_rng(8)
    votes = rng.poisson(rng.gamma(0.3, 1, (1, 9, 30)), (40, 9, 30))
    rows = [{"kind": "votes", "concepts": [str(i) for i in range(9)], "votes": votes.tolist()}]
    for name, listed in breaking.sets().items():
        total = rng.integers(1, 9, (len(listed), 30)).tolist()
        rows += [{"kind": "set", "set": name, "concepts": list(listed), "votes": total}] * 2
    rows += _weaken_rows("many prompts", 0.4)
    rows += _weaken_rows("one prompt", 0.4 + gap)
    rows += _weaken_rows("Mixed", 0.0) + _weaken_rows("Musical Instruments", 0.0)
    summary = json.loads(json.dumps(breaking.EXPERIMENT.summarise(rows)))
    assert said in summary["sentence"]
    assert "none of what is measured" in summary["findings"][0]
    for name in breaking.EXPERIMENT.figures(summary, tmp_path):
        assert (tmp_path / name).stat().st_size > 5000


def test_in_the_sets_of_concepts_no_word_stands_twice():
    for listed in breaking.sets().values():
        words = [word for words in listed.values() for word in words]
        assert len({*words}) == len(words)
        assert all(listed.values())
    ambiguous = {word for pair in (meanings(w) for w in BARE.values()) for word in pair}
    assert not {*breaking.UNKNOWN["Musical Instruments"]} & ambiguous


def test_an_empty_run_says_that_it_measured_nothing():
    assert "Not measured" in timesteps.EXPERIMENT.summarise([])["sentence"]
    assert "not measured" in breaking.EXPERIMENT.summarise([])["sentence"]


@pytest.mark.parametrize(
    ("interval", "said"),
    [([0.97, 0.99], "more than"), ([0.97, 0.998], "about as much as"), ([0.998, 1.0], "less than")],
)
def test_what_a_new_concept_changes_is_told_against_other_prompts(interval, said):
    added = {"rows": {"Color": [0.98]}, "interval": interval, "mean": 0.98, "rerun": [0.997]}
    added["less than rerun"] = [0.997 - interval[1], 0.997 - interval[0]]
    assert f"changes the old HRVs {said} other prompts" in added_sentence(added)
