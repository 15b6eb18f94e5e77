"""HRV Construct on transformers: its recipes, what its files say, what it refuses."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import comfy.sample
import pytest
import torch
from literal_joint import OVERRIDE
from tiny_transformers import STRUCTURES, WIDTH, sample
from token_clip import Clip

from hrv_pack.hrv.construct.concepts import concept_words
from hrv_pack.hrv.families.registry import text_heads, text_layers
from hrv_pack.hrv.files.vote_file import load_votes
from hrv_pack.hrv.measure.concept_record import ConceptRecord
from hrv_pack.nodes.construct import sampling
from hrv_pack.nodes.construct.ballot import WordContexts
from hrv_pack.nodes.construct.run import Construction, drawn_texts
from hrv_pack.nodes.construct.settings import ConstructSettings, Measuring, Sampling
from hrv_pack.nodes.host.transformer import joint
from hrv_pack.nodes.host.transformer.words import keys_of
from hrv_pack.nodes.prompts.tag import read_prompt
from hrv_pack.nodes.shared.noise import latent_shape

pytestmark = pytest.mark.usefixtures("host", "inference")
WORDS = concept_words({"Color": ("red", "green"), "Animals": ("cat", "dog")})
SAMPLING = Sampling(seed=7, steps=1, cfg=1.0, sampler="euler", width=64, height=64)
MEASURED = ConstructSettings(
    sampling=SAMPLING,
    recipe="measured",
    measuring=Measuring(templates="a {Color} {Animals}", images=1, swaps=1),
)


class WordClip(Clip):
    """The host's tokenizer; each token has a vector of its own, its neighbours do not matter."""

    def __init__(self, tokenizer, patcher, width=WIDTH):
        super().__init__(tokenizer)
        self.patcher, self.width = patcher, width

    def encode_from_tokens_scheduled(self, tokens):
        found = self.encode_from_tokens(tokens)
        return [[found.pop("cond"), {k: v for k, v in found.items() if v is not None}]]

    def encode_from_tokens(self, tokens, **_):
        ids = {name: torch.tensor([one[0] for one in own[0]]) for name, own in tokens.items()}
        first = ids.get("qwen3_06b", next(iter(ids.values())))
        vectors = torch.randn(997, self.width, generator=torch.Generator().manual_seed(1))
        more = {}
        if "qwen3_06b" in ids:
            more = {"t5xxl_ids": ids["t5xxl"], "t5xxl_weights": torch.ones(len(ids["t5xxl"]))}
        return {"cond": vectors[first % 997][None], "pooled_output": None, **more}


def clip_of(model):
    from comfy.text_encoders.anima import AnimaTokenizer
    from comfy.text_encoders.pixart_t5 import PixArtTokenizer

    kind = type(model.model).__name__
    if kind == "Anima":
        return WordClip(AnimaTokenizer(), model, 1024)
    return WordClip(PixArtTokenizer(), model, 3 * WIDTH if kind == "Krea2" else WIDTH)


def build(model, settings, path=None, prompts=2):
    texts = drawn_texts(WORDS, settings, prompts)
    return Construction(model, clip_of(model), WORDS, texts, settings, path)


@pytest.mark.parametrize("name", ["qwen-image", "z-image", "wan"])
def test_concepts_are_measured_and_the_run_goes_on_from_its_file(make, name, tmp_path):
    model, path = make(name), tmp_path / "run.votes"
    whole = build(model, MEASURED, path)
    relevance = whole.run().relevance()
    kept = load_votes(path)
    assert isinstance(kept, ConceptRecord) and kept.heads == whole.record.heads
    assert kept.heads.architecture and torch.equal(kept.sums, whole.record.sums)
    assert relevance.heads.architecture == kept.heads.architecture
    assert bool((kept.sums.abs().sum(dim=(0, 2)) > 0).all())
    assert build(model, MEASURED, path).missing() == []


VOTED = ConstructSettings(sampling=replace(SAMPLING, steps=2))
PROMPTS = ["a red cat", "a green dog"]


STREAMS = ["flux", "flux2", "chroma", "chroma-radiance", "qwen-image", "lumina", "z-image", "krea2"]


@pytest.fixture(autouse=True)
def small_latents(monkeypatch):
    """Some tiny models have fewer channels than the latents of their family."""

    def shape(model, _width, _height):
        name = type(model.get_model_object("diffusion_model")).__name__
        known = {"Chroma": "chroma", "ChromaRadiance": "chroma-radiance"}
        flux = "flux2" if type(model.model).__name__ == "Flux2" else "flux"
        own = known.get(name, flux if name == "Flux" else "")
        return STRUCTURES[own].latent if own else latent_shape(model, _width, _height)

    monkeypatch.setattr(sampling, "latent_shape", shape)


def voting(model, words=WORDS, path=None):
    return Construction(model, clip_of(model), words, PROMPTS, VOTED, path)


@pytest.mark.parametrize("name", ["cosmos", "anima", "wan", *STREAMS])
def test_every_head_votes_and_the_image_stays(make, name, tmp_path):
    model, path = make(name), tmp_path / "run.votes"
    run = voting(model, path=path)
    with latents_of(run) as images:
        relevance = run.run().relevance()
    heads = text_heads(model.get_model_object("diffusion_model"))
    assert relevance.heads == load_votes(path).heads == heads and heads.architecture
    # one vote in each evaluation with the prompt: two steps of two images
    assert run.record.votes.sum(dim=(0, 1, 2)).tolist() == [4] * len(heads)
    again = voting(model)
    assert torch.equal(again.run().votes, run.record.votes)
    plain = again.method.sampler
    plain.model = model
    with latents_of(again) as expected:
        for number, prompt in enumerate(PROMPTS):
            plain.sample(plain.encode({number: prompt}))
    for found, wanted in zip(images, expected, strict=True):
        assert float((found - wanted).norm() / wanted.norm()) < 1e-6


@contextmanager
def latents_of(run):
    """What is sampled meanwhile."""
    found, plain = [], comfy.sample.sample
    comfy.sample.sample = lambda *args, **more: found.append(plain(*args, **more)) or found[-1]
    try:
        yield found
    finally:
        comfy.sample.sample = plain


def literally_beside(stream, asked, text, read):
    """One softmax in float64 over the whole sequence, masked as the concept stream is defined."""
    owner = [n for n, count in enumerate(stream.counts) for _ in range(count)]
    kinds = ["X"] * text + owner + ["I"] * (asked.q.shape[2] - text - len(owner))
    seen = [
        [key == row or key == "I" if row in owner else key in ("X", "I") for key in kinds]
        for row in kinds
    ]
    scores = asked.q.double() @ asked.k.double().transpose(-1, -2) * asked.scale
    maps = scores.masked_fill(~torch.tensor(seen), -torch.inf).softmax(dim=-1)
    read(asked.q[:, :, text + len(owner) :], asked.k[:, :, text : text + len(owner)])
    return (maps @ asked.v.double()).to(asked.v).transpose(1, 2).flatten(2)


def read_of(model, monkeypatch, words=WORDS):
    """What the layers are asked with in the first evaluation: queries and keys of the words."""
    found, run = [], voting(model, words)
    own = run.method.voting._voter

    def watched(layer, call, evaluation):
        vote = own(layer, call, evaluation)

        def both(q, k):
            found.append((q, k))
            vote(q, k)

        return both

    run.method.voting._voter = watched
    sampler = run.method.sampler
    sampler.sample(sampler.encode({0: PROMPTS[0]}))
    return found[: len(text_layers(model.get_model_object("diffusion_model")))]


@pytest.mark.parametrize("name", STREAMS)
def test_the_stream_is_one_masked_softmax(make, name, monkeypatch):
    found = read_of(make(name), monkeypatch)
    monkeypatch.setattr(joint, "beside", literally_beside)
    for own, wanted in zip(found, read_of(make(name), monkeypatch), strict=True):
        for one, other in zip(own, wanted, strict=True):
            assert float((one - other).norm() / other.norm()) < 1e-5


@pytest.mark.parametrize("name", STREAMS)
def test_a_words_keys_do_not_depend_on_the_words_beside_it(make, name, monkeypatch):
    turned = concept_words({"Animals": ("dog", "cat"), "Color": ("green",)})
    clip, model = clip_of(make(name)), make(name)
    found, others = read_of(model, monkeypatch), read_of(model, monkeypatch, turned)
    counts = [len(read_prompt(clip, clip.tokenize(w), w, w).semantic) for w in ALL]
    starts = [sum(counts[:n]) for n in range(len(ALL))]
    own = {w: range(s, s + c) for w, s, c in zip(ALL, starts, counts, strict=True)}
    order = [place for word in ("dog", "cat", "green") for place in own[word]]
    for (_, keys), (_, other) in zip(found, others, strict=True):
        assert float((keys[order] - other).norm() / other.norm()) < 1e-5


ALL = ("red", "green", "cat", "dog")


@pytest.mark.parametrize("name", ["cosmos", "anima", "wan"])
def test_the_words_keys_are_the_hosts_own(make, name):
    """As the model computes them where the words alone are its context."""
    model, seen = make(name).clone(), []
    contexts = WordContexts(model.model, clip_of(model), WORDS)
    x = torch.zeros(1, *STRUCTURES[name].latent)
    rows = contexts.rows(x)
    assert len(rows) == sum(count for counts in contexts.lengths for count in counts)

    def watched(function, q, k, v, heads, *args, **more):
        if k.shape[-2] == len(rows):
            seen.append(k if k.ndim == 3 else k.transpose(1, 2).flatten(2))
        return function(q, k, v, heads, *args, **more)

    model.model_options["transformer_options"][OVERRIDE] = watched
    alone = [[rows[None], {}]]
    sample(model, name, alone, alone)
    unet = model.get_model_object("diffusion_model")
    for layer, wanted in zip(text_layers(unet), seen, strict=False):
        found = keys_of(unet, layer, rows)
        assert float((found - wanted[-1]).norm() / wanted[-1].norm()) < 1e-6
    assert len(seen) >= len(text_layers(unet))


def test_what_cannot_vote_says_what_can(make, monkeypatch):
    model = make("chroma-radiance")
    params = model.get_model_object("diffusion_model").params
    monkeypatch.setattr(params, "use_sequential_txt_ids", True)
    with pytest.raises(ValueError, match=r"kind of Chroma numbers .* recipe measured"):
        Construction(model, clip_of(model), WORDS, PROMPTS, VOTED)
    model, authors = make("cosmos"), replace(VOTED, recipe="authors")
    with pytest.raises(ValueError, match=r"Cosmos-Predict2 has none\. Choose recipe paper"):
        Construction(model, clip_of(model), WORDS, PROMPTS, authors)
