"""What holds for every hook of the pack: nothing of a sampling stays in it, errors included."""

from __future__ import annotations

import dataclasses

import excite_scene
import measure_scene
import pytest
import torch
from excite_scene import excited, prompts, relevance
from measure_scene import READINGS, SETTINGS
from narrow_device import Float64OnDeviceError, NarrowDevice

import nodes as host_nodes
from hrv_pack.hrv.construct.concepts import parse_concepts
from hrv_pack.hrv.measure import precision
from hrv_pack.hrv.measure.concept import ConceptEffects
from hrv_pack.nodes.construct import settings as construct
from hrv_pack.nodes.construct.ballot import Ballot, ProjectedWords, WordEmbeddings
from hrv_pack.nodes.construct.measured.hook import ConceptMeasuring
from hrv_pack.nodes.construct.run import Construction, drawn_texts
from hrv_pack.nodes.construct.voting import Voting, drawn_prompt
from hrv_pack.nodes.host.hooks import Hook, Phase
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.host.options import HOOKS
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.measure.aims import Way
from hrv_pack.nodes.measure.hook import Measuring, Tally, Task
from hrv_pack.nodes.measure.readings import EMPTY, PLAIN, read_scene
from hrv_pack.nodes.measure.run import sample_images
from hrv_pack.nodes.p2p.nodes import HRVP2PEdit
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import tag
from hrv_pack.nodes.steering.nodes import HRVConceptStrengthen

pytestmark = pytest.mark.usefixtures("host", "inference")
PHASES = {
    "rescale": [Phase.RESCALE],
    "edit": [Phase.EDIT, Phase.WATCH],  # with local blend
    "capture": [Phase.WATCH],
    "excite": [Phase.WATCH],
    "voting": [Phase.WATCH],
    "measuring": [Phase.RESCALE],
    "concept_measuring": [Phase.RESCALE],
}


def rescale(model, clip):
    positive, negative = prompts(clip)
    hrv = relevance(model)
    steered = HRVConceptStrengthen.execute(model, hrv, positive, "cat", "Animals", 1.0).args[0]
    return steered, positive, negative, {}


def edit(model, clip):
    source, target = (HRVPrompt.execute(text, clip).args[0] for text in ("a cat", "a fish"))
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    share = {"self_replace": "custom", "share": 0.5}
    more = {"layers": "all", "local_blend": True}
    edited, positive, pairs = HRVP2PEdit.execute(
        model, source, target, latent, "replace", "", 0.8, share, "Color", 1.0, **more
    ).args
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    return edited, positive, negative, {"latent": pairs["samples"], "batch_index": [0, 0]}


def capture(model, clip):
    positive, negative = prompts(clip)
    return HRVCapture.execute(model, positive).args[0], positive, negative, {}


def excite(model, clip):
    positive, negative = prompts(clip)
    return excited(model, positive), positive, negative, {}


def voting(model, clip):
    positive, negative = prompts(clip)
    words = parse_concepts("Color: red, blue\nAnimals: cat, fish")
    embeddings = WordEmbeddings(clip, words)
    ballot = Ballot(words, embeddings, model_heads(model), "paper", seed=0)
    hook = Voting(ballot, ProjectedWords(embeddings), lambda number, votes: None)
    return add_hooks(model, [hook]), tag(positive, drawn_prompt([0])), negative, {}


def measuring(model, clip):
    scene = read_scene(clip, measure_scene.prompt(clip), READINGS)
    ones = torch.ones(len(model_heads(model)))
    task = Task(scene, Way(ones), SETTINGS.checkpointing)
    numbers = list(range(SETTINGS.images))
    nothing = Tally.none(SETTINGS.steps, ones)
    hook = Measuring(task, nothing, numbers, lambda tally: None, lambda: None)
    positive, negative = (scene.conditionings[name] for name in (PLAIN, EMPTY))
    return add_hooks(model, [hook]), positive, negative, {"lists": scene.conditionings}


def concept_measuring(model, clip):
    settings = construct.ConstructSettings(
        sampling=construct.Sampling(seed=3, steps=2, cfg=4.0, width=64, height=64),
        recipe="measured",
        measuring=construct.Measuring(templates="a {Color} {Animals}"),
    )
    words = parse_concepts("Color: red, blue\nAnimals: cat, fish")
    run = Construction(model, clip, words, drawn_texts(words, settings, 1), settings)
    scene = run.method.scene(0)
    hook = ConceptMeasuring(scene, ConceptEffects.none(2, len(model_heads(model))), lambda _: None)
    positive, negative = (scene.conditionings[name] for name in (PLAIN, EMPTY))
    return add_hooks(model, [hook]), positive, negative, {"lists": scene.conditionings}


def sample(model, positive, negative, lists=None, **options):
    """By the host's KSampler, or with HRV Measure's lists of conditionings, by its own sampling."""
    if lists is None:
        return excite_scene.sample(model, positive, negative, **options)
    return sample_images(model, lists, SETTINGS, list(range(SETTINGS.images)))


KINDS = [rescale, edit, capture, excite, voting, measuring, concept_measuring]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def hooks_of(patched) -> list[Hook]:
    return list(patched.model_options["transformer_options"][HOOKS])


def test_hooks_are_declared_and_have_a_state_of_their_own_kind(model, clip, kind):
    hooks = hooks_of(kind(model, clip)[0])
    assert [hook.phase for hook in hooks] == PHASES[kind.__name__]
    for hook in hooks:
        assert isinstance(hook, Hook) and hook.label
        states = hook.new_state(), hook.new_state()
        assert dataclasses.is_dataclass(states[0]) and states[0] is not states[1]


def test_a_sampling_leaves_every_hook_as_it_was(model, clip, kind):
    patched, positive, negative, options = kind(model, clip)
    before = [dict(vars(hook)) for hook in hooks_of(patched)]
    sample(patched, positive, negative, **options)
    for hook, known in zip(hooks_of(patched), before, strict=True):
        assert vars(hook).keys() == known.keys()
        assert all(vars(hook)[name] is value for name, value in known.items())


def test_after_an_error_a_sampling_is_as_if_there_had_been_none(model, clip, kind):
    patched, positive, negative, options = kind(model, clip)
    calls = []

    def fail_at_second(apply, arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("stop")
        return apply(arguments["input"], arguments["timestep"], **arguments["c"])

    failing = patched.clone()
    failing.set_model_unet_function_wrapper(fail_at_second)
    whole = sample(patched, positive, negative, **options)
    with pytest.raises(RuntimeError, match="stop"):
        sample(failing, positive, negative, **options)
    assert torch.equal(sample(patched, positive, negative, **options), whole)


def test_a_device_without_float64_is_enough(model, clip, kind, monkeypatch):
    """Such as Apple's GPUs. Only the device's name is changed for the pack."""
    monkeypatch.setattr(precision, "_WITHOUT_FLOAT64", ("cpu",))
    patched, positive, negative, options = kind(model, clip)
    with NarrowDevice() as device:
        sample(patched, positive, negative, **options)
    assert device.seen > 1000


def test_the_device_without_float64_notices_it():
    weights = torch.nn.Parameter(torch.ones(3))
    with NarrowDevice():
        assert precision.wide(weights.cpu()).dtype == torch.float64
        for there in (weights, weights * 2, torch.ones(3).to(torch.device("cpu"))):
            with pytest.raises(Float64OnDeviceError):
                precision.wide(there)
