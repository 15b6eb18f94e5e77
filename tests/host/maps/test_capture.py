"""HRV Capture on real host samplers with tiny models."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from tiny_models import make_model

import nodes
from hrv_pack.nodes.host.hooks import Hook
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.maps import capture_hook, captured
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import locate
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale


class Recorder(Hook[None]):
    """A literal float64 softmax of every evaluation, taken at the layers themselves."""

    label = "Recorder"

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.maps: dict[Any, list[torch.Tensor]] = {}

    def attach(self, call):
        self.calls.append(call)
        return [h for layer in call.layers for h in self._hooks(layer)]

    def _hooks(self, layer):
        seen: dict[str, torch.Tensor] = {}

        def softmax(_module, _args, k):
            b, t, c = k.shape
            d = c // layer.heads
            q = seen["q"].double().reshape(b, -1, layer.heads, d)
            logits = torch.einsum("bnhd,bthd->bhnt", q, k.double().reshape(b, t, layer.heads, d))
            total = (logits / math.sqrt(d)).softmax(-1)
            self.maps.setdefault((layer.stage, layer.layer), []).append(total)

        yield layer.attention.to_q.register_forward_hook(lambda _m, _a, q: seen.update(q=q))
        yield layer.attention.to_k.register_forward_hook(softmax)


def prompt(clip, text):
    return HRVPrompt.execute(text, clip).result[0]


def capture(model, conditioning, keep_on="sampling device"):
    return HRVCapture.execute(model, conditioning, keep_on).result


def record(model):
    recorder = Recorder()
    return add_hooks(model, [recorder]), recorder


def sample(model, positive, negative, latent=(1, 4, 8, 8), steps=2, cfg=5.0, **more):
    empty = {"samples": torch.zeros(latent)}
    with torch.inference_mode():
        return nodes.common_ksampler(
            model, 7, steps, cfg, "euler", "normal", positive, negative, empty, **more
        )[0]["samples"]


def expected(recorder, key, rows_of, positions, heads_maps):
    """Sum over copies, mean over evaluations, from the literal softmax."""
    means = []
    for call, total in zip(recorder.calls, recorder.maps[key], strict=True):
        for rows, length in rows_of(call):
            own = total[rows]
            copies = range(0, total.shape[-1], length)
            means.append(sum(own[..., [c + p for p in positions]] for c in copies))
    mean = torch.stack(means).mean(0)
    return mean.transpose(-1, -2)


def check(maps, recorder, rows_of, prompt_tag, text):
    latent_maps, word = maps
    positions = prompt_tag.find(text)
    assert word
    for layer in word:
        wanted = expected(recorder, (layer.stage, layer.layer), rows_of, positions, latent_maps)
        torch.testing.assert_close(layer.maps.flatten(-2).double(), wanted, atol=2e-6, rtol=1e-5)
    assert {(x.stage, x.layer) for x in word} == set(recorder.maps)


def rows_of_prompt(prompt_id):
    def rows(call):
        for found, span in call.tagged():
            if found.prompt_id == prompt_id:
                yield span, found.length

    return rows


LONG = "a red vase " + "and a very green apple " * 17
LONGER = "a red vase " + "and a very green apple " * 32


@pytest.mark.parametrize("structure", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("negative", ["", "blurry", LONG, LONGER])
def test_maps_are_the_layers_softmax(clip, structure, negative):
    positive = prompt(clip, "a red vase on a red table")
    watched, maps = capture(make_model(structure), positive)
    watched, recorder = record(watched)
    latent = sample(watched, positive, prompt(clip, negative), (3, 4, 8, 12))
    assert len(recorder.calls[0].prompt_rows) == 2
    assert recorder.calls[0].tokens == {"": 77, "blurry": 77, LONG: 154, LONGER: 231}[negative]
    tagged = maps.prompts[0]
    check(maps.word(latent, "red"), recorder, rows_of_prompt(tagged.id), tagged, "red")


def test_without_guidance_and_with_joined_positives(clip):
    model = make_model()
    one, two = prompt(clip, "a red vase"), prompt(clip, LONG)
    none = prompt(clip, "")
    for positive, cfg, count in ((one, 1.0, 1), (one + two, 1.0, 2), (one + two, 5.0, 3)):
        watched, maps = capture(model, positive)
        watched, recorder = record(watched)
        latent = sample(watched, positive, none, (3, 4, 8, 8), cfg=cfg)
        assert {len(call.prompt_rows) for call in recorder.calls} == {count}
        for tagged in maps.prompts:
            word = maps.columns("vase")
            own = [c for c in word if 0 <= c - maps.first_token(tagged.id) < len(tagged.semantic)]
            found = maps.of(latent).means(own)
            rows = rows_of_prompt(tagged.id)
            check((None, found), recorder, rows, tagged, "vase")


def test_only_the_prompts_own_rows_are_read(clip):
    """The same text as negative is another prompt unless it is the same node's."""
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "a blue vase")
    watched, maps = capture(make_model(), negative)
    watched, recorder = record(watched)
    latent = sample(watched, positive, negative)
    tagged = maps.prompts[0]
    check(maps.word(latent, "vase"), recorder, rows_of_prompt(tagged.id), tagged, "vase")


@pytest.mark.parametrize("structure", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("keep_on", ["sampling device", "CPU"])
def test_the_image_is_bit_identical_and_the_model_unchanged(clip, structure, keep_on):
    model = make_model(structure)
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    plain = sample(model, positive, negative, (2, 4, 8, 8))
    watched, _ = capture(model, positive, keep_on)
    assert torch.equal(plain, sample(watched, positive, negative, (2, 4, 8, 8)))
    assert torch.equal(plain, sample(model, positive, negative, (2, 4, 8, 8)))
    hooks = [len(m._forward_hooks) for m in model.model.diffusion_model.modules()]
    assert sum(hooks) == 0


def test_it_captures_beside_steering(clip):
    """The maps are those before rescaling, of the steered image."""
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    watched, maps = capture(make_model(), positive)
    ((tagged, where),) = locate(positive, "red")
    r = torch.full((len(maps.heads),), 3.0)
    steered = add_hooks(watched, [Rescale([WordRescale(tagged, where, r, 1e9, 0.0)], "steer")])
    steered, recorder = record(steered)
    latent = sample(steered, positive, negative)
    check(maps.word(latent, "red"), recorder, rows_of_prompt(tagged.id), tagged, "red")


def test_odd_sizes_and_img2img(clip):
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    watched, maps = capture(make_model(), positive)
    latent = sample(watched, positive, negative, (1, 4, 9, 7), steps=4, denoise=0.5)
    sizes = {layer.size for layer in maps.word(latent, "vase")[1]}
    assert sizes == {(9, 7), (5, 4)}


def test_maps_are_found_by_their_latent(clip):
    """ComfyUI keeps older images without sampling them again."""
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    watched, maps = capture(make_model(), positive)
    with pytest.raises(ValueError, match="Nothing has been captured yet"):
        maps.word(torch.zeros(1, 4, 8, 8), "vase")
    latents = [sample(watched, positive, negative, steps=steps) for steps in (1, 2, 3, 4, 5)]
    found = [maps.word(latent, "vase")[0] for latent in latents[1:]]
    assert [m.evaluations(0) for m in found] == [2, 3, 4, 5]
    with pytest.raises(ValueError, match="another sampling"):
        maps.word(latents[0], "vase")


def test_memory_stays_within_the_limit(clip, monkeypatch):
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    watched, maps = capture(make_model(), positive)
    one = maps.of(sample(watched, positive, negative)).nbytes
    monkeypatch.setattr(captured, "KEPT_BYTES", 2 * one)
    for steps in (1, 3, 4):
        sample(watched, positive, negative, steps=steps)
        assert sum(m.nbytes for _, m in maps._kept) <= 2 * one


def test_what_does_not_fit_is_skipped_with_a_warning(clip, monkeypatch):
    """An area prompt sees a part of the image only."""
    said: list[str] = []
    monkeypatch.setattr(capture_hook, "warn", said.append)
    whole, part = prompt(clip, "a red vase"), prompt(clip, "a green apple")
    part = [[c, {**o, "area": (4, 8, 0, 0), "strength": 1.0}] for c, o in part]
    watched, maps = capture(make_model(), whole + part)
    for both in (whole + part, part + whole):
        said.clear()
        latent = sample(watched, both, prompt(clip, ""))
        assert len(said) == 1 and "area prompt" in said[0]
        assert {(x.stage, x.layer) for x in maps.word(latent, "vase")[1]} == {
            layer[:2] for layer in maps.heads.layers
        }
        with pytest.raises(ValueError, match="took part in no step"):
            maps.word(latent, "apple")


def test_errors_name_the_way_out(clip):
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    watched, maps = capture(make_model(), positive)
    with pytest.raises(ValueError, match="Words in the prompt: a, red, vase"):
        maps.columns("vases")
    with pytest.raises(ValueError, match="Write a word"):
        capture(make_model(), negative)
    with pytest.raises(ValueError, match="does not use it"):
        sample(watched, negative, negative)
