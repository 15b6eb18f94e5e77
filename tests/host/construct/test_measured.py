"""Recipe measured on real host classes: its gradient, its runs, its node, what it refuses."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from measure_scene import SETTINGS as MEASURE
from tiny_models import make_clip, make_model

from hrv_pack.hrv.construct.concepts import concept_words, format_concepts
from hrv_pack.hrv.construct.merging import merge_votes
from hrv_pack.hrv.files.vote_file import load_votes
from hrv_pack.hrv.heads import cross_attention_layers, head_table
from hrv_pack.hrv.measure.concept import ConceptEffects, swap_direction
from hrv_pack.hrv.measure.effect import image_effects
from hrv_pack.hrv.measure.readings import Readings
from hrv_pack.nodes.construct.measured import method
from hrv_pack.nodes.construct.measured.hook import ConceptMeasuring
from hrv_pack.nodes.construct.node import HRVConstruct
from hrv_pack.nodes.construct.run import Construction, drawn_texts
from hrv_pack.nodes.construct.settings import (
    Batching,
    ConstructSettings,
    Measuring,
    Sampling,
)
from hrv_pack.nodes.effects import sampling
from hrv_pack.nodes.effects.rescaling import rescale_maps
from hrv_pack.nodes.effects.sampling import Guidance, sample_lists
from hrv_pack.nodes.host.hooks import Call, PromptRows, Run
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.library import concept_lists as concept_library
from hrv_pack.nodes.measure.readings import Scene
from hrv_pack.nodes.measure.run import measure
from hrv_pack.nodes.shared.noise import latent_shape, seeded_noise

pytestmark = pytest.mark.usefixtures("host", "inference")
WORDS = concept_words(
    {"Color": ("red", "green"), "Animals": ("cat", "dog"), "Sky": ("rain", "sun")}
)
TEMPLATE = "a {Color} {Animals} in the {Sky}"
SAMPLING = Sampling(seed=7, steps=2, cfg=4.0, width=64, height=64)
SETTINGS = ConstructSettings(
    sampling=SAMPLING, recipe="measured", measuring=Measuring(templates=TEMPLATE, images=2)
)
PROMPTS = 4


@pytest.fixture(scope="module")
def parts(host):
    with torch.inference_mode():
        return make_model(), make_clip()


def build(parts, path=None, prompts=PROMPTS, settings=SETTINGS, words=WORDS):
    return Construction(*parts, words, drawn_texts(words, settings, prompts), settings, path)


def test_effects_are_central_finite_differences_in_float64():
    """On a real UNet: D(r) with the tokens' maps rescaled, along two ways and along their mean."""
    with torch.inference_mode(False):
        unet = make_model().model.diffusion_model.double().requires_grad_(False)
        generator = torch.Generator().manual_seed(3)
        x = torch.randn(2, 4, 8, 8, generator=generator, dtype=torch.float64)
        contexts = torch.randn(3, 1, 7, 32, generator=generator, dtype=torch.float64)
        heads = head_table(unet)

        def denoised(context, r):
            rows = (PromptRows("p", 7),)
            layers = cross_attention_layers(unet)
            call = Call(layers, heads, rows, (slice(0, 2),), 2, 7, 1.0, x, unet, Run())
            handles = list(rescale_maps(call, r, {"p": (1, 2, 4)}, "test"))
            found = x - unet(x, torch.full((2,), 300.0), context=context.expand(2, -1, -1))
            for handle in handles:
                handle.remove()
            return found

        ones = torch.ones(2, len(heads), dtype=torch.float64)
        plain, *swapped = [denoised(context, ones) for context in contexts]
        directions = [swap_direction(plain, [each]) for each in swapped]
        r = ones.clone().requires_grad_()
        moved = [(denoised(contexts[0], r) * way).flatten(1).sum(dim=1) for way in directions]
        found = torch.stack([image_effects(each, r, again=True) for each in moved])
        for head in range(0, len(heads), 5):
            step = torch.zeros_like(ones)
            step[:, head] = 1e-5
            ends = [denoised(contexts[0], ones + sign * step) for sign in (1, -1)]
            change = (ends[0] - ends[1]) / 2e-5
            expected = torch.stack([(change * way).flatten(1).sum(dim=1) for way in directions])
            assert (found[:, :, head] - expected).abs().max() < 1e-7 * found.abs().max()
        both = (denoised(contexts[0], r) * swap_direction(plain, swapped)).flatten(1).sum(dim=1)
        mean = image_effects(both, r)
        assert (mean - found.mean(dim=0)).abs().max() < 1e-12 * found.abs().max()


def test_one_prompt_and_one_swap_give_what_hrv_measure_gives(parts):
    model = parts[0]
    run = build(parts)
    scene = run.method.scene(0)
    numbers = list(range(MEASURE.images))
    shape = latent_shape(model, MEASURE.width, MEASURE.height)
    noise = torch.stack(
        [seeded_noise(MEASURE.seed, f"noise of image: {n}", shape) for n in numbers]
    )
    found = []
    hook = ConceptMeasuring(scene, ConceptEffects.none(3, len(model_heads(model))), found.append)
    how = Guidance("euler", "normal", MEASURE.steps, MEASURE.cfg)
    lists = scene.conditionings
    sample_lists(add_hooks(model, [hook]), lists, how, noise, MEASURE.seed)
    assert found[0].counts.tolist() == [MEASURE.images * MEASURE.steps] * 3
    for number, (_, (name,)) in enumerate(scene.names):
        word = Scene(
            Readings("cat", "as it is", "swapped"),
            (scene.prompt,),
            {scene.prompt.id: scene.prompt.semantic},
            {
                "positive": lists["positive"],
                "negative": lists["negative"],
                "wanted": [[lists["positive"][0][0], {}]],
                "instead": lists[name],
            },
        )
        expected = measure(model, word, MEASURE).effects.sums.sum(dim=0)
        assert (found[0].sums[number] - expected).abs().max() < 1e-5 * expected.abs().max()


@pytest.mark.parametrize("structure", ["sd2", "sdxl"])
def test_every_family_is_measured(models, structure):
    record = build((models[structure], make_clip()), prompts=2).run()
    assert record.counts.tolist() == [[4] * 3] * 2
    assert bool(record.sums.isfinite().all()) and bool((record.sums != 0).any(dim=2).all())


def test_images_sampled_together_or_alone_count_alike(parts, monkeypatch):
    """But for the rounding of latents in float32, since the ways between two words are short."""
    together = build(parts, prompts=1).run()
    monkeypatch.setattr(sampling, "LARGE_BATCH", 1)
    alone = build(parts, prompts=1).run()
    assert torch.equal(alone.counts, together.counts)
    assert (alone.sums - together.sums).abs().max() < 5e-3 * together.sums.abs().max()


def test_an_interrupted_run_ends_as_an_unbroken_one_and_shards_as_a_whole(parts, tmp_path):
    whole = build(parts, tmp_path / "whole.votes").run()

    def cancel(progress) -> None:
        raise KeyboardInterrupt

    path, done = tmp_path / "broken.votes", []
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            build(parts, path).run(cancel)
        done.append(load_votes(path).done)
    build(parts, path).run()
    assert done == [1, 2]
    assert path.read_bytes() == (tmp_path / "whole.votes").read_bytes()
    shards = []
    for number in (1, 2):
        run = build(parts)
        shards.append(run.run(groups=run.groups((number, 2))))
    merged = merge_votes(shards)
    assert (merged.sums - whole.sums).abs().max() <= 1e-14 * whole.sums.abs().max()
    assert torch.equal(merged.counts, whole.counts)


def test_the_model_is_untouched_and_the_images_are_plain(parts, monkeypatch):
    model, _ = parts
    sampled = []

    def keep(patched, lists, *rest):
        sampled.append((sample_lists(patched, lists, *rest), lists, rest))
        return sampled[-1][0]

    monkeypatch.setattr(method, "sample_lists", keep)
    before = list(model.get_model_object("diffusion_model").parameters())
    build(parts, prompts=1).run()
    after = list(model.get_model_object("diffusion_model").parameters())
    assert all(a is b for a, b in zip(before, after, strict=True))
    assert not model.model_options["transformer_options"]
    ((images, lists, rest),) = sampled
    assert torch.equal(images, sample_lists(model, lists, *rest))


INPUTS = {
    "concepts": format_concepts(WORDS),
    "prompts_from": concept_library.OWN_TEXT,
    "prompts": "",
    "how_many": 4,
    "batch": 1,
    "seed": 7,
    "steps": 2,
    "cfg": 4.0,
    "sampler": "euler",
    "scheduler": "normal",
    "width": 64,
    "height": 64,
}


def test_the_node_gives_a_signed_row_for_each_concept_and_goes_on(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(concept_library, "runs_folder", lambda: tmp_path)
    model, clip = parts
    recipe = {"recipe": "measured", "templates": "", "images": 1}
    asked = {**INPUTS, "model": model, "clip": clip, "recipe": recipe, "run": "mine"}
    output = HRVConstruct.execute(**asked)
    relevance, image = output.args
    assert relevance.kind == "measured" and relevance.concepts == WORDS.concepts
    assert bool((relevance.vectors < 0).any()) and bool((relevance.vectors > 0).any())
    assert "a photo of a {Color} {Animals}" in relevance.provenance["templates"]
    assert image.shape[0] == 1 and "4 prompts; halves agree" in str(output.ui.as_dict())
    assert load_votes(tmp_path / "mine.votes").done == 4
    more = HRVConstruct.execute(**{**asked, "how_many": 5}).args[0]
    assert more.provenance["prompts"].startswith("5 of 5")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"recipe": {"recipe": "measured", "templates": "a {Colour} cat"}}, "“Colour”"),
        ({"concepts": "A: a\nB: b, c", "recipe": "measured"}, "“A” has one word only"),
        ({"recipe": "measured", "how_many": 1}, "no word of: Sky. Measure more prompts"),
        ({"recipe": "measured", "exact": False}, "Switch exact votes on"),
        ({"recipe": "measured", "parts": 4}, "Set timestep bins to 1"),
        ({"recipe": "measured", "vote": "sum"}, "Set vote to highest"),
        ({"recipe": {"recipe": "measured", "images": 0}}, "images should be 1 or more"),
        ({"recipe": "measured", "sampler": "uni_pc"}, "HRV Construct acts between steps"),
        ({"recipe": "measured", "concepts": "Café: café, cafe\u0301\nB: b, c"}, "alike"),
    ],
)
def test_what_it_cannot_measure_is_said_in_a_sentence(parts, changed, message):
    model, clip = parts
    with pytest.raises(ValueError, match=message):
        HRVConstruct.execute(**{**INPUTS, "model": model, "clip": clip, **changed})


def test_a_model_without_gradients_is_refused_and_nothing_is_lost(parts, tmp_path):
    path = tmp_path / "kept.votes"
    build(parts, path, prompts=1).run()
    handle = (
        parts[0]
        .get_model_object("diffusion_model")
        .out.register_forward_hook(lambda _module, _args, output: output.detach())
    )
    try:
        with pytest.raises(ValueError, match="HRV Construct needs the gradients of this model"):
            build(parts, path).run()
    finally:
        handle.remove()
    assert load_votes(path).done == 1


def test_another_template_or_number_of_images_is_another_run(parts, tmp_path):
    path = tmp_path / "a.votes"
    build(parts, path, prompts=1).run()
    for measuring, message in (
        (Measuring(templates="a {Animals}, {Color}, {Sky}", images=2), "templates"),
        (Measuring(templates=TEMPLATE, images=3), "images of a prompt"),
        (Measuring(templates=TEMPLATE, images=2, swaps=1), "swaps"),
    ):
        other = dataclasses.replace(SETTINGS, measuring=measuring)
        with pytest.raises(ValueError, match=f"differ in {message}"):
            build(parts, path, prompts=1, settings=other)


def test_the_batch_does_not_matter(parts):
    two = dataclasses.replace(SETTINGS, batching=Batching(size=2))
    assert torch.equal(build(parts, settings=two).run().sums, build(parts).run().sums)


def test_long_prompts_of_several_chunks_are_measured(parts):
    many = "very " * 80 + TEMPLATE
    settings = dataclasses.replace(SETTINGS, measuring=Measuring(templates=many))
    record = build(parts, prompts=1, settings=settings).run()
    assert bool((record.sums[0] != 0).any(dim=1).all())
