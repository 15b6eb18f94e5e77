"""Effects of a run: resumed and merged, in halves, kept in a file, made into measured HRVs."""

from __future__ import annotations

import pytest
import torch
from vote_records import HEADS, PROMPTS, SETTINGS, WORDS
from vote_records import record as votes

from hrv_pack.hrv.construct.merging import add_up, merge_votes
from hrv_pack.hrv.files.vote_file import load_votes, open_run, save_votes
from hrv_pack.hrv.measure.concept import ConceptEffects
from hrv_pack.hrv.measure.concept_record import ConceptRecord

MEASURED = {**SETTINGS, "recipe": "measured"}


def effects(number, concepts=(0, 1, 2)):
    generator = torch.Generator().manual_seed(number)
    found = ConceptEffects.none(len(WORDS.concepts), len(HEADS))
    for concept in concepts:
        images = 2 + concept
        found = found.with_images(concept, torch.randn(images, len(HEADS), generator=generator))
    return found


def record(numbers=(), settings=MEASURED, **of_effects):
    made = ConceptRecord(WORDS, HEADS, settings, PROMPTS)
    for number in numbers:
        made.add(number, effects(number, **of_effects))
    return made


def test_the_vectors_are_means_over_all_images_of_a_concept():
    sums = torch.stack([effects(n).sums for n in range(4)]).sum(dim=0)
    found = record(range(4))
    expected = sums / torch.tensor([8.0, 12.0, 16.0])[:, None]
    assert (found.effects - expected).abs().max() < 1e-15
    relevance = found.relevance()
    assert relevance.kind == "measured" and relevance.concepts == WORDS.concepts
    assert torch.equal(relevance.vectors, found.effects.float())
    assert relevance.provenance["counted"] == "8, 12, 16"
    assert relevance.provenance["recipe"] == "measured"


def test_shards_give_what_one_run_gives_but_for_rounding_and_a_resumed_one_the_same():
    whole = record(range(10))
    merged = merge_votes([record((0, 1, 2)), record((7, 8, 9)), record((3, 4, 5, 6))])
    assert torch.equal(merged.counts, whole.counts) and merged.done == 10
    assert (merged.sums - whole.sums).abs().max() <= 1e-15 * 10 * whole.sums.abs().max()
    resumed = record(range(6)).resumed(PROMPTS)
    for number in range(6, 10):
        resumed.add(number, effects(number))
    assert torch.equal(resumed.sums, whole.sums)
    with pytest.raises(ValueError, match=r"same images \(3-5\)"):
        record(range(6)).merge(record(range(3, 10)))


def test_hrvs_of_several_runs_are_averaged_by_their_images():
    parts = [record((0, 1, 2)).relevance(), record((3,)).relevance(), record((4, 5)).relevance()]
    merged, whole = add_up(parts), record(range(6)).relevance()
    assert merged.kind == "measured"
    assert (merged.vectors - whole.vectors).abs().max() < 2e-7 * whole.vectors.abs().max()
    for key in ("counted", "runs", "recipe", "weights"):
        assert merged.provenance[key] == whole.provenance[key]
    again = add_up([merged, record((6,)).relevance()])
    assert again.provenance["counted"] == record(range(7)).relevance().provenance["counted"]
    with pytest.raises(ValueError, match="counted twice"):
        add_up([merged, parts[1]])
    longer = record(range(8)).relevance()
    shorter = record((0, 1, 2)).resumed(PROMPTS[:5]).relevance()
    with pytest.raises(ValueError, match=r"counted twice \(0-2 of one run\)"):
        add_up([longer, shorter])
    of_two_seeds = add_up([longer, record((0, 1), {**MEASURED, "seed": "2"}).relevance()])
    for order in ([of_two_seeds, longer], [longer, of_two_seeds]):
        with pytest.raises(ValueError, match=r"counted twice \(0-7 of one run\)"):
            add_up(order)


def test_halves_of_one_direction_agree_and_a_single_half_is_not_known():
    one = effects(1)
    same = record()
    for number in range(4):
        same.add(number, one)
    agreement = same.agreement()
    assert agreement.known and torch.allclose(agreement.cosine, torch.ones(3).double())
    assert not record((0, 2)).agreement().known
    apart = record(range(10)).agreement()
    halves = [record(range(half, 10, 2)).effects for half in (0, 1)]
    assert torch.allclose(apart.cosine, torch.cosine_similarity(*halves))


def test_a_run_is_kept_and_goes_on_and_the_same_effects_give_the_same_bytes(tmp_path):
    for name in ("a.votes", "b.votes"):
        save_votes(tmp_path / name, record(range(5)))
    assert (tmp_path / "a.votes").read_bytes() == (tmp_path / "b.votes").read_bytes()
    read = load_votes(tmp_path / "a.votes")
    assert isinstance(read, ConceptRecord) and torch.equal(read.sums, record(range(5)).sums)
    opened = open_run(tmp_path / "a.votes", record())
    assert opened.done == 5 and torch.equal(opened.counts, read.counts)
    assert opened.name == record().name


def test_a_run_of_votes_and_a_measured_one_do_not_mix(tmp_path):
    save_votes(tmp_path / "voted.votes", votes((0, 1), bins=1))
    save_votes(tmp_path / "measured.votes", record((0, 1)))
    with pytest.raises(ValueError, match=r"“voted” .*recipe: paper and measured"):
        open_run(tmp_path / "voted.votes", record())
    with pytest.raises(ValueError, match="recipe: measured and paper"):
        open_run(tmp_path / "measured.votes", votes(bins=1))
    with pytest.raises(ValueError, match="differ in recipe"):
        merge_votes([record((0,)), votes((1,), bins=1)])


def test_effects_that_are_not_finite_are_damage_and_are_not_counted(tmp_path):
    broken = record((0,))
    broken.sums[0, 1, 2] = float("nan")
    save_votes(tmp_path / "a.votes", broken)
    with pytest.raises(ValueError, match=r"'a.votes' cannot be used: its effects are not finite"):
        load_votes(tmp_path / "a.votes")
    with pytest.raises(ValueError, match="not finite"):
        ConceptEffects.none(3, 2).with_images(0, torch.tensor([[1.0, float("inf")]]))


def test_a_concept_that_no_prompt_had_is_named():
    part = record((0, 1), concepts=(0, 2))
    assert part.preview()[1].eq(0).all() and part.preview()[0].max() <= 2
    with pytest.raises(ValueError, match="No prompt so far has a word of: Animals"):
        part.relevance()
