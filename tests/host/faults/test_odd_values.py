"""Nodes called with values that only a program sends: refused with a sentence, or finite images."""

from __future__ import annotations

from itertools import chain

import pytest
import torch
from faults import CASES, NUMBERS, Answers, cases, text
from small_relevance import of_model

import nodes as host_nodes
from hrv_pack.nodes.construct.concepts import HRVConcepts
from hrv_pack.nodes.excite.node import AttendExcite
from hrv_pack.nodes.library.files import HRVLoad, HRVSave
from hrv_pack.nodes.library.inspect import HRVInspect
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.maps.selective import HRVSelectiveAttentionMap
from hrv_pack.nodes.measure.node import HRVMeasure
from hrv_pack.nodes.p2p.nodes import HRVP2PEdit
from hrv_pack.nodes.prompts.encoding import untagged
from hrv_pack.nodes.prompts.nodes import HRVPrompt, HRVTagPrompt
from hrv_pack.nodes.simple.node import HRVSteer
from hrv_pack.nodes.simple.sweep import HRVStrengthSweep
from hrv_pack.nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen, HRVOrderedWeaken
from hrv_pack.nodes.steering.word_weight import HRVWordWeight

pytestmark = pytest.mark.usefixtures("host", "inference", "own_folder")
FIELDS, CHOICE = ("STRING", "BOOLEAN", "COMBO", "INT", "FLOAT"), "COMFY_DYNAMICCOMBO_V3"
SLOW = (HRVMeasure, HRVInspect)
KNOWN = {
    "words": "cat", "word": "cat", "text": "a red cat", "concept": "Animals", "images": 1,
    "concepts": "Color: red\nAnimals: cat", "strengths": "0.5", "steps": 2, "width": 64,
    "height": 64, "desired": "Animals", "undesired": "Color", "words_to_edit": "dog",
}  # fmt: skip
OF_NODE = {
    HRVP2PEdit: {"words": "dog"},
    AttendExcite: {"words": "cat: Animals", "refinements": 1},
    HRVMeasure: {"read_as": "kitten"},
    HRVSteer: {"read_as": "Animals"},
    HRVStrengthSweep: {"read_as": "Animals", "not_as": ""},
    HRVConcepts: {"text": "Color: red\nAnimals: cat"},
    HRVLoad: {"file": "mine.safetensors"},
}
"""Values with which a node does what it is for."""
LATENT = {"samples": torch.zeros(1, 4, 8, 8)}


@pytest.fixture(scope="module")
def parts(model, clip):
    """What is connected; only fields are odd."""
    positive, other = (HRVPrompt.execute(f"a red {word}", clip).args[0] for word in ("cat", "dog"))
    watched, maps = HRVCapture.execute(model, positive).args
    connected = {
        "model": model, "clip": clip, "conditioning": positive, "source": positive, "target": other,
        "latent": LATENT, "hrv": of_model(model), "maps": maps,
    }  # fmt: skip
    return {**connected, "samples": {"samples": sample(watched, connected)}}


def odd(schema_input, rng):
    """A value that the host's own check lets through to the node."""
    kind = schema_input.io_type
    if kind == "STRING":
        return text(rng)
    if kind == "BOOLEAN":
        return rng.random() < 0.5
    if kind == "COMBO":
        here = [each for each in schema_input.options or () if not each.startswith("download")]
        return rng.choice(here) if here else text(rng)
    odd_ones = (float("nan"), rng.choice(NUMBERS)) if kind == "FLOAT" else (-1, 0, 1)
    number = rng.choice(odd_ones)  # large counts just take long
    low, high = schema_input.min, schema_input.max
    below, above = low is not None and number < low, high is not None and number > high
    return low if below else high if above else number


def usual(node, schema_input):
    """A value with which the node does what it is for."""
    known = KNOWN | OF_NODE.get(node, {})
    if schema_input.id in known:
        return known[schema_input.id]
    if schema_input.io_type == CHOICE:
        return {schema_input.id: schema_input.options[0].key}
    first = schema_input.options[0] if schema_input.io_type == "COMBO" else None
    return first if schema_input.default is None else schema_input.default


def call(node, parts, rng):
    """The node with one or two odd fields, none without `rng`; a MODEL it gives is sampled."""
    inputs = node.define_schema().inputs
    fields = [each for each in inputs if each.io_type in FIELDS]
    values = {each.id: usual(node, each) for each in inputs if each.io_type in (*FIELDS, CHOICE)}
    chosen = rng.sample(fields, min(len(fields), rng.choice((1, 1, 2)))) if rng else []
    values |= {each.id: odd(each, rng) for each in chosen}
    connected = {
        each.id: parts[each.id] for each in inputs if each.id in parts and each not in fields
    }

    def run():
        result = node.execute(**connected, **values).args or ()
        for given in chain.from_iterable(x if isinstance(x, list) else [x] for x in result):
            if hasattr(given, "model_options"):
                latents = sample(given, parts, *result[1:3] if node is HRVP2PEdit else ())
                assert bool(latents.isfinite().all()), "the image is not finite"
            whole = not isinstance(given, torch.Tensor) or bool(given.isfinite().all())
            assert whole, "what it gives is not finite"

    return run, {each.id: values[each.id] for each in chosen}


def sample(patched, parts, positive=None, latent=LATENT):
    positive = parts["conditioning"] if positive is None else positive
    negative = host_nodes.CLIPTextEncode().encode(parts["clip"], "")[0]
    return host_nodes.KSampler().sample(
        patched, 1, 2, 5.0, "euler", "normal", positive, negative, latent, 1.0
    )[0]["samples"]


def test_half_of_a_character_is_refused(parts):
    for give in (
        lambda text: HRVPrompt.execute(text, parts["clip"]),
        lambda text: HRVTagPrompt.execute(parts["conditioning"], parts["clip"], text),
        lambda text: untagged(parts["clip"], text),
    ):
        with pytest.raises(ValueError, match=r"half of a character \(U\+D83D\)"):
            give("a red \ud83d cat")


@pytest.mark.parametrize(
    "node",
    [HRVConceptStrengthen, HRVConceptAdjust, HRVOrderedWeaken, HRVP2PEdit, AttendExcite, HRVSteer,
     HRVPrompt, HRVConcepts, HRVSave, HRVLoad, HRVInspect, HRVMeasure, HRVCapture,
     HRVSelectiveAttentionMap, HRVWordWeight, HRVStrengthSweep],
)  # fmt: skip
def test_odd_fields(parts, node):
    """A prompt may be nearly anything; every other node has something to refuse."""
    HRVSave.execute(parts["hrv"], "mine")
    call(node, parts, None)[0]()
    answers = Answers()
    count = CASES // 5 if node in SLOW else CASES
    for number, rng in enumerate(cases(node.__name__, count)):
        run, said = call(node, parts, rng)
        answers.of((number, said), run)
    answers.close(refusing=node is not HRVPrompt)
