"""Runs of HRV Construct on real host classes: exact votes, resumed, in shards, checked first."""

from __future__ import annotations

import dataclasses
import errno
import os

import comfy.model_patcher
import pytest
import torch
from tiny_models import make_clip, make_model
from torch import nn

from hrv_pack.hrv.construct.algorithm import WHOLE, draw_words
from hrv_pack.hrv.construct.concepts import parse_concepts
from hrv_pack.hrv.construct.merging import merge_votes
from hrv_pack.hrv.files.vote_file import load_votes
from hrv_pack.hrv.heads import cross_attention_layers
from hrv_pack.nodes.construct.concepts import HRVConcepts, HRVMerge
from hrv_pack.nodes.construct.run import Construction
from hrv_pack.nodes.construct.settings import Batching, ConstructSettings, Sampling
from hrv_pack.nodes.host.weights_digest import weights_digest
from hrv_pack.nodes.library import concept_lists as concept_library

pytestmark = pytest.mark.usefixtures("host", "inference")
WORDS = parse_concepts("Color: red, green, light blue\nAnimals: cat, dog\nWeather: rain, snow")
PROMPTS = ["a red cat", "a dog in the rain", "snow", "two birds", "a green house"]
SAMPLING = Sampling(seed=7, steps=2, cfg=4.0, width=64, height=64)
SETTINGS = ConstructSettings(sampling=SAMPLING, batching=Batching(size=2))


@pytest.fixture(scope="module")
def parts(host):
    return make_model(), make_clip()


def settings(**changes) -> ConstructSettings:
    """SETTINGS with other fields of its own, of its sampling or of its batching."""
    sampling = {key: changes.pop(key) for key in ("steps", "width", "height") if key in changes}
    batching = {key: changes.pop(key) for key in ("size", "exact") if key in changes}
    return dataclasses.replace(
        SETTINGS,
        sampling=dataclasses.replace(SAMPLING, **sampling),
        batching=dataclasses.replace(SETTINGS.batching, **batching),
        **changes,
    )


def build(parts, path=None, prompts=PROMPTS, words=WORDS, **changes) -> Construction:
    return Construction(*parts, words, prompts, settings(**changes), path)


class Recorder:
    """Q of the conditional rows of each evaluation and layer, as the host computed them."""

    def __init__(self, unet) -> None:
        self.layers = cross_attention_layers(unet)
        self.evaluations: list[list[torch.Tensor]] = []
        self.rows = slice(0)
        self.chunks: set[int] = set()  # prompts in a call
        self.hooks = [unet.register_forward_pre_hook(self._note, with_kwargs=True)]
        for layer in self.layers:
            self.hooks.append(layer.attention.to_q.register_forward_hook(self._keep))

    def _note(self, _module, args, kwargs) -> None:
        which = list(kwargs["transformer_options"]["cond_or_uncond"])
        images = args[0].shape[0] // len(which)
        self.chunks.add(len(which))
        self.rows = slice(0)
        if 0 in which:  # the host's number of the positive prompt
            self.rows = slice(which.index(0) * images, (which.index(0) + 1) * images)
            self.evaluations.append([])

    def _keep(self, _module, _args, q) -> None:
        if self.rows != slice(0):
            self.evaluations[-1].append(q[self.rows].double())

    def remove(self) -> None:
        for hook in self.hooks:
            hook.remove()


def _embedding(clip, word):
    """(semantic tokens, start token) of a word encoded alone."""
    tokens = clip.tokenize(word)
    (ids,) = ([int(entry[0]) for entry in chunk] for chunk in next(iter(tokens.values())))
    embedding = clip.encode_from_tokens(tokens)[0]
    return embedding[1 : ids.index(49407)], embedding[0]


def _literal_votes(recorder, clip, heads, numbers, evaluation, recorded, recipe):
    """Algorithm 1 head by head in float64, (N, H), summed over the images."""
    counted = torch.zeros(len(WORDS.concepts), len(heads), dtype=torch.int64)
    start = _embedding(clip, WORDS.words[0][0])[1]
    for row, number in enumerate(numbers):
        draws = draw_words(WORDS, heads, recipe, SAMPLING.seed, number, evaluation)
        for layer, q in zip(recorder.layers, recorded, strict=True):
            width = q.shape[-1] // layer.heads
            span = heads.span(layer.stage, layer.layer)
            for h in range(layer.heads):
                part = slice(h * width, (h + 1) * width)
                drawn = [w[draws[n, span.start + h]] for n, w in enumerate(WORDS.words)]
                tokens = [_embedding(clip, word)[0] for word in drawn]
                listed = ([start[None]] if recipe == "authors" else []) + tokens
                keys = [layer.attention.to_k(t)[:, part].double() for t in listed]
                logits = q[row, :, part] @ torch.cat(keys).T / width**0.5
                mean = logits.softmax(dim=1).mean(dim=0)
                pieces = mean.split([len(t) for t in listed])[-len(tokens) :]
                scores = [float(piece.mean()) for piece in pieces]
                counted[scores.index(max(scores)), span.start + h] += 1
    return counted


@pytest.mark.parametrize(
    ("structure", "recipe", "batch", "size", "apart"),
    [
        ("sd1", "paper", 1, (72, 56), False),
        ("sd2", "authors", 2, (64, 64), False),
        ("sdxl", "paper", 4, (40, 88), False),
        ("sdxl", "authors", 3, (64, 64), True),
        ("sd1", "paper", 2, (72, 56), True),
    ],
)
def test_votes_equal_the_literal_algorithm(structure, recipe, batch, size, apart, monkeypatch):
    if apart:  # as on a card with little memory left
        monkeypatch.setattr(comfy.model_patcher.ModelPatcher, "get_free_memory", lambda *_: 1)
    model, clip = make_model(structure), make_clip()
    width, height = size
    prompts = PROMPTS[:batch]
    changes = {"width": width, "height": height, "size": batch, "recipe": recipe}
    run = build((model, clip), prompts=prompts, exact=False, **changes)
    recorder = Recorder(model.get_model_object("diffusion_model"))
    found = run.run().total
    recorder.remove()
    assert len(recorder.evaluations) == SAMPLING.steps
    assert recorder.chunks == ({1} if apart else {2})
    expected = sum(
        _literal_votes(recorder, clip, run.record.heads, range(batch), number, recorded, recipe)
        for number, recorded in enumerate(recorder.evaluations)
    )
    assert torch.equal(found, expected)


@pytest.mark.parametrize("rule", ["sum", "maximum"])
def test_the_rules_of_the_appendix_are_kept_and_do_not_mix_with_votes(parts, rule, tmp_path):
    path = tmp_path / "a.votes"
    counted = build(parts, path, rule=rule).run().total
    whole = WHOLE * len(PROMPTS) * SAMPLING.steps
    if rule == "sum":  # what is left is the rest of words with several tokens
        assert (counted.sum(dim=0) <= whole).all() and (counted > 0).all()
    assert (counted.sum(dim=0) > 0).all() and counted.max() < whole
    assert torch.equal(load_votes(path).total, counted)
    relevance = build(parts, path, rule=rule).run().relevance()
    assert relevance.provenance["vote rule"] == rule
    with pytest.raises(ValueError, match=f"vote rule: {rule} and not set"):
        build(parts, path)
    with pytest.raises(ValueError, match="vote rule differ"):
        HRVMerge.execute(build(parts, prompts=PROMPTS[:1]).run().relevance(), hrv_2=relevance)


def test_the_scale_of_the_heads_is_looked_at_and_told(parts):
    run = build(parts, prompts=PROMPTS[:2])
    assert run.method.remarks() == ""
    run.run()
    assert run.method.scales.count == 2 and (run.method.scales.mean > 0).all()
    assert "largest over smallest" in run.method.remarks()


def test_votes_do_not_depend_on_batch_order_shards_or_interruptions(parts, tmp_path):
    whole = build(parts, size=1).run()
    for batch in (2, 5):
        assert torch.equal(build(parts, size=batch).run().votes, whole.votes)
    groups = [range(n, n + 1) for n in (3, 0, 4, 2, 1)]
    assert torch.equal(build(parts).run(groups=groups).votes, whole.votes)
    shards = []
    for number in (1, 2, 3):
        run = build(parts)
        shards.append(run.run(groups=run.groups((number, 3))))
    assert [shard.done for shard in shards] == [1, 2, 2]
    assert torch.equal(merge_votes(shards).votes, whole.votes)


@pytest.mark.parametrize("exact", [True, False])
def test_an_interrupted_run_ends_as_an_unbroken_one(parts, exact, tmp_path):
    changes = {"exact": exact, "timestep_bins": 2}
    build(parts, tmp_path / "unbroken.votes", **changes).run()

    def cancel(progress) -> None:
        raise KeyboardInterrupt

    path, done = tmp_path / "broken.votes", []
    for _ in range(5):
        try:
            build(parts, path, **changes).run(cancel)
        except KeyboardInterrupt:
            done.append(load_votes(path).done)
    assert done == ([1, 2, 3, 4, 5] if exact else [2, 4, 5])
    assert path.read_bytes() == (tmp_path / "unbroken.votes").read_bytes()


def test_early_stop_looks_at_the_same_numbers_whatever_the_batch(parts, monkeypatch):
    monkeypatch.setattr("hrv_pack.nodes.construct.groups.CHECKED", 2)
    votes = [build(parts, size=batch).run(stop_at=1e-9) for batch in (1, 3)]
    assert votes[0].done == votes[1].done
    assert torch.equal(votes[0].votes, votes[1].votes)
    assert build(parts).run(stop_at=1.0).done == len(PROMPTS)


def test_bins_count_the_steps_apart(parts):
    record = build(parts, timestep_bins=2, prompts=PROMPTS[:1]).run()
    assert (record.votes.sum(dim=(0, 2)) == 1).all()  # two steps, one in each half


def test_the_input_is_checked_before_the_first_image(parts, tmp_path):
    model, clip = parts
    other = model.clone()
    other.add_object_patch("diffusion_model", nn.Linear(1, 1))
    with pytest.raises(ValueError, match=r"Linear\) cannot be steered"):
        build((other, clip))
    with pytest.raises(ValueError, match=r"no tokens for: “ ”"):
        build(parts, words=dataclasses.replace(WORDS, words=(("red",), (" ",), ("rain",))))
    with pytest.raises(ValueError, match="multiples of 8"):
        build(parts, width=60)
    build(parts, tmp_path / "a.votes", prompts=PROMPTS[:2]).run()
    for changes, message in (
        ({"recipe": "authors"}, "differ in recipe: paper and authors"),
        ({"steps": 3}, "differ in sampling"),
        ({"words": parse_concepts("A: a\nB: b")}, "concept sets differ"),
    ):
        with pytest.raises(ValueError, match=message):
            build(parts, tmp_path / "a.votes", **changes)
    for strangers, message in (
        ((make_model(seed=5), clip), "differ in weights"),
        ((model, make_clip(seed=5)), "differ in text encoder"),
    ):
        with pytest.raises(ValueError, match=message):
            build(strangers, tmp_path / "a.votes")


def test_a_checkpoint_is_known_by_its_weights_loaded_or_not(parts):
    model, _ = parts
    fresh = make_model()
    assert weights_digest(fresh) == weights_digest(model)
    patched = fresh.clone()
    key = next(k for k in fresh.model.state_dict() if k.endswith("attn2.to_k.weight"))
    patched.add_patches({key: (torch.ones(32, 32),)}, 0.5)
    assert weights_digest(patched) != weights_digest(fresh)


def test_concepts_are_edited_as_text(parts):
    text = HRVConcepts.execute(concept_library.PAPER, "Boats: raft, canoe", "Color").args[0]
    lines = text.splitlines()
    assert len(lines) == 34 and lines[-1] == "Boats: raft, canoe"
    assert not any(line.startswith("Color:") for line in lines)
    assert len(parse_concepts(text).concepts) == 34


def test_merge_adds_what_several_runs_counted(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(concept_library, "runs_folder", lambda: tmp_path)
    whole = build(parts).run().relevance()
    for number in (1, 2):
        run = build(parts, tmp_path / f"part {number}.votes")
        run.run(groups=run.groups((number, 2)))
    first, second = (load_votes(tmp_path / f"part {n}.votes").relevance() for n in (1, 2))
    merged = HRVMerge.execute(first, hrv_2=second).args[0]
    assert torch.equal(merged.votes, whole.votes) and torch.equal(merged.vectors, whole.vectors)
    again = HRVMerge.execute(first, shards="part 2").args[0]
    assert torch.equal(again.votes, whole.votes)
    with pytest.raises(ValueError, match="counted twice"):
        HRVMerge.execute(first, hrv_2=first)


def test_two_processes_do_not_write_one_run(parts, tmp_path):
    path = tmp_path / "a.votes"
    first, second, elsewhere = (
        build(parts, path),
        build(parts, path),
        build(parts, tmp_path / "b.votes"),
    )

    def meanwhile(progress):
        with pytest.raises(ValueError, match="Another process is at the run “a”"):
            second.run()
        if progress.done == len(PROMPTS):
            elsewhere.run()

    first.run(meanwhile)
    with pytest.raises(ValueError, match="gone on with the run “a” meanwhile"):
        second.run()
    assert load_votes(path).done == load_votes(tmp_path / "b.votes").done == len(PROMPTS)
    assert build(parts, path).run().done == len(PROMPTS)


def test_what_another_process_saved_meanwhile_is_not_overwritten(parts, tmp_path):
    """Where no lock told of it, as between machines."""
    path, foreign = tmp_path / "a.votes", tmp_path / "b.votes"
    build(parts, foreign, prompts=PROMPTS[:4]).run()

    def meanwhile(progress):
        path.write_bytes(foreign.read_bytes())

    with pytest.raises(ValueError, match="gone on with the run “a” meanwhile"):
        build(parts, path).run(meanwhile)
    assert path.read_bytes() == foreign.read_bytes()


def test_a_full_disk_is_a_sentence_and_what_was_saved_stays(parts, tmp_path, monkeypatch):
    path = tmp_path / "a.votes"
    build(parts, path, prompts=PROMPTS[:2]).run()
    kept = path.read_bytes()

    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValueError, match=r"a\.votes cannot be saved in .*No space left"):
        build(parts, path).run()
    assert path.read_bytes() == kept and list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    assert build(parts, path).run().done == len(PROMPTS)
