"""A&E-HRV on real host classes: what it does to the latent, and what it leaves alone."""

from __future__ import annotations

import comfy.model_management
import comfy.sample
import comfy.samplers
import pytest
import tiny_models
import torch
from excite_scene import (
    CAT,
    CONCEPT_WORDS,
    FISH,
    PLAIN_WORDS,
    RED,
    SIDE,
    TEXT,
    excited,
    prompts,
    relevance,
    sample,
    unet_of,
)
from literal_excite import hrv_loss, plain_loss
from tiny_models import make_model

from hrv_pack.hrv.heads import cross_attention_layers
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import prompts_of

pytestmark = pytest.mark.usefixtures("host", "inference")


class PlainLoop:
    """Euler steps with guidance around the host's UNet, and Attend-and-Excite as published."""

    def __init__(self, positive, negative, loss):
        self.model = make_model("sd1").model  # ordinary tensors: made outside inference mode
        self.unet, self.loss = self.model.diffusion_model, loss
        self.contexts = positive[0][0].clone(), negative[0][0].clone()
        self.seen: list[list[torch.Tensor]] = [[], []]
        for layer in cross_attention_layers(self.unet):
            layer.attention.to_q.register_forward_hook(lambda _m, _a, q: self.seen[0].append(q))
            layer.attention.to_k.register_forward_hook(lambda _m, _a, k: self.seen[1].append(k))

    def maps(self):
        """(heads, y, x, tokens) of every layer in float64."""
        split = lambda t: t[0].double().unflatten(-1, (4, -1)).transpose(0, 1)  # noqa: E731
        found = []
        for q, k in ((split(q), split(k)) for q, k in zip(*self.seen, strict=True)):
            maps = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)
            side = round(maps.shape[1] ** 0.5)
            found.append(maps.unflatten(1, (side, side)))
        return found

    def updated(self, z, time, eta):
        z = z.clone().requires_grad_()
        self.seen = [[], []]
        self.unet(z, time, context=self.contexts[0])
        loss = self.loss(self.maps())
        (gradient,) = torch.autograd.grad(loss, z)
        return (z - eta * gradient).detach()

    def run(self, noise, sigmas, updated_steps):
        steps = len(sigmas) - 1
        x = noise * (sigmas[0] ** 2 + 1).sqrt()
        for i in range(steps):
            scale = (sigmas[i] ** 2 + 1).sqrt()
            time = self.model.model_sampling.timestep(sigmas[i : i + 1]).float()
            if i < updated_steps:
                eta = 20 * torch.linspace(1, 0.5, steps)[i] ** 0.5
                x = scale * self.updated(x / scale, time, eta)
            with torch.no_grad():
                cond, uncond = (self.unet(x / scale, time, context=c) for c in self.contexts)
            x = x + (sigmas[i + 1] - sigmas[i]) * (uncond + 5.0 * (cond - uncond))
        return x


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("checkpointing", ["off", "on"])
def test_the_update_is_that_of_a_plain_loop_around_the_unet(models, clip, weighed, checkpointing):
    model, (positive, negative) = models["sd1"], prompts(clip)
    hrv = relevance(model) if weighed else None
    words = CONCEPT_WORDS if weighed else PLAIN_WORDS
    options = {"move_until": 0.7, "hrv": hrv, "checkpointing": checkpointing, "map_size": "1/4"}
    found = sample(excited(model, positive, words, **options), positive, negative)
    sigmas = comfy.samplers.KSampler(model, 3, "cpu", "euler", "normal").sigmas
    noise = comfy.sample.prepare_noise(torch.zeros(1, 4, SIDE, SIDE), 3)
    with torch.inference_mode(False):

        def loss(maps):
            if not weighed:
                return plain_loss(maps, [CAT, FISH], 4, 0.5)
            rows = hrv.vectors[[0, 0, 1]].double()
            return hrv_loss(maps, rows, [CAT, FISH, RED], 4, 0.5)

        expected = PlainLoop(positive, negative, loss).run(noise.clone(), sigmas.clone(), 2)
    scale = model.get_model_object("latent_format").scale_factor
    plain = sample(model, positive, negative)
    assert (found - expected / scale).abs().max() < 1e-4 * found.abs().max()
    assert (found - plain).abs().max() > 1e-2 * found.abs().max()


@pytest.mark.parametrize("structure", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("weighed", [False, True])
def test_every_family_is_updated_and_its_model_stays(models, clip, said, structure, weighed):
    model, (positive, negative) = models[structure], prompts(clip)
    plain = sample(model, positive, negative)
    hrv = relevance(model) if weighed else None
    words = CONCEPT_WORDS if weighed else PLAIN_WORDS
    found = sample(excited(model, positive, words, hrv=hrv), positive, negative)
    assert not torch.equal(found, plain)
    assert torch.isfinite(found).all()
    assert torch.equal(sample(model, positive, negative), plain)
    maps = "maps of 4 x 4" if structure == "sdxl" else "maps of 8 x 8"  # its finest
    assert len(said) == 1 and "weakest word: " in said[0] and maps in said[0]


@pytest.mark.parametrize("options", [{"strength": 0.0}, {"move_until": 0.0}])
def test_no_update_is_bit_identical(models, clip, options):
    model, (positive, negative) = models["sd1"], prompts(clip)
    still = excited(model, positive, **options)
    assert torch.equal(sample(still, positive, negative), sample(model, positive, negative))


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_sde", "heun"])
def test_words_that_are_all_attended_give_the_same_image(models, clip, said, sampler):
    model = models["sd1"]
    positive = HRVPrompt.execute("cat", clip).args[0]
    negative = prompts(clip)[1]
    # of one word alone, all attention is its own: loss 0
    options = {"token_slice": "words only (A&E, SD2.1)", "smoothing": False, "move_until": 1.0}
    attended = excited(model, positive, "cat", thresholds="0: 1", **options)
    found = sample(attended, positive, negative, sampler=sampler, batch=2)
    assert torch.equal(found, sample(model, positive, negative, sampler=sampler, batch=2))
    assert len(said) == 3 and all("loss 0.000" in text for text in said)


def test_each_image_of_a_batch_is_updated_by_its_own_loss(models, clip, said):
    model, (positive, negative) = models["sd1"], prompts(clip)
    updating = excited(model, positive)
    together = sample(updating, positive, negative, batch=3)
    assert said[0].count("loss") == 3
    for number in range(3):
        alone = sample(updating, positive, negative, batch_index=[number])
        assert (together[number] - alone[0]).abs().max() < 1e-3 * alone.abs().max()


@pytest.mark.parametrize("sampler", ["heun", "dpm_2", "dpmpp_2s_ancestral", "dpmpp_2m", "lms"])
def test_it_is_updated_once_in_a_step(models, clip, said, sampler):
    model, (positive, negative) = models["sd1"], prompts(clip)
    sample(excited(model, positive, move_until=0.5), positive, negative, 4, sampler=sampler)
    assert [text.split(",")[0] for text in said] == ["step 1 of 4", "step 2 of 4"]


def test_image_to_image_is_updated_in_its_own_steps(models, clip, said):
    model, (positive, negative) = models["sd1"], prompts(clip)
    options = {"latent": torch.randn(1, 4, SIDE, SIDE), "denoise": 0.5, "steps": 4}
    plain = sample(model, positive, negative, **options)
    found = sample(excited(model, positive), positive, negative, **options)
    assert [text.split(",")[0] for text in said] == ["step 1 of 4", "step 2 of 4"]
    assert not torch.equal(found, plain)


def test_inpainting_is_updated_inside_the_mask_alone(models, clip):
    model, (positive, negative) = models["sd1"], prompts(clip)
    image = torch.randn(1, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(1, SIDE * 8, SIDE * 8)
    mask[:, :, : SIDE * 4] = 1.0
    updating = excited(model, positive, move_until=1.0)
    plain = sample(model, positive, negative, latent=image, noise_mask=mask)
    found = sample(updating, positive, negative, latent=image, noise_mask=mask)
    left, right = (..., slice(0, SIDE // 2)), (..., slice(SIDE // 2, None))
    assert (found - plain)[left].abs().max() > 1e-2 * plain.abs().max()
    assert torch.equal(found[right], plain[right])
    everywhere = sample(
        updating, positive, negative, latent=image, noise_mask=torch.ones(1, SIDE * 8, SIDE * 8)
    )
    unmasked = sample(updating, positive, negative, latent=image)
    assert (everywhere - unmasked).abs().max() < 1e-4 * unmasked.abs().max()


def test_refinement_ends_at_the_target_or_the_limit(models, clip, said):
    model, (positive, negative) = models["sd1"], prompts(clip)
    options = {"move_until": 0.4, "refinements": 3}
    sample(excited(model, positive, thresholds="0: 0", **options), positive, negative)
    assert len(said) == 1 and "refinements" not in said[0]
    said.clear()
    sample(excited(model, positive, thresholds="0: 1", **options), positive, negative)
    assert len(said) == 4 and "3 refinements" in said[-1]


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("computed", [None, torch.float32])
def test_half_precision_weights(clip, stored, computed):
    config = tiny_models._SmallSD1(dict(tiny_models.SD1))
    config.set_inference_dtype(stored, computed)
    network = config.get_model({}, device=torch.device("cpu"))
    tiny_models.randomise(network.diffusion_model, 0)
    device = comfy.model_management.get_torch_device()
    model = comfy.model_patcher.ModelPatcher(network, load_device=device, offload_device=device)
    positive, negative = prompts(clip)
    found = sample(excited(model, positive), positive, negative)
    assert torch.isfinite(found).all()
    assert not torch.equal(found, sample(model, positive, negative))


def test_outside_inference_mode_it_works_too(clip):
    with torch.inference_mode(False), torch.no_grad():
        model, (positive, negative) = make_model("sd1"), prompts(clip)
        found = sample(excited(model, positive), positive, negative)
        assert not torch.equal(found, sample(model, positive, negative))
        assert not any(p.requires_grad for p in unet_of(model).parameters())


def test_it_knows_its_prompt(models, clip):
    positive, _ = prompts(clip)
    assert [p.text for p in prompts_of(positive)] == [TEXT]
    assert prompts_of(positive)[0].find("cat, fish, red") == (RED, CAT, FISH)
