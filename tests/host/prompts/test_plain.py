"""Recipe "authors" reads prompts as diffusers does; the paper's recipe as CLIP Text Encode does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from tiny_models import make_clip, make_model

from hrv_pack.hrv.construct.concepts import parse_concepts
from hrv_pack.nodes.construct.run import Construction
from hrv_pack.nodes.construct.settings import ConstructSettings, Sampling
from hrv_pack.nodes.prompts.plain import plain_tokens

pytestmark = pytest.mark.usefixtures("host", "inference")
LONG = "a hyperrealistic " + "photograph of a jellyfish, " * 20
BRACKETS = "a (red:1.5) cat [cut], (((detailed))), embedding:cat"
WORDS = parse_concepts("Color: red, green\nAnimals: cat, dog")


def ids(chunks):
    return [token for chunk in chunks for token, _weight in chunk]


@pytest.fixture(params=["sd1_tokenizer", "sdxl_tokenizer"])
def clip(request):
    """What `plain_tokens` reads of a CLIP: the host's tokenizer, as it comes."""
    tokenizer = request.getfixturevalue(request.param)
    return SimpleNamespace(tokenizer=tokenizer, tokenize=tokenizer.tokenize_with_weights)


@pytest.mark.parametrize("text", ["", "a red cat", LONG, BRACKETS])
def test_tokens_are_those_of_the_tokenizer_that_cuts_at_77(clip, text):
    for name, chunks in plain_tokens(clip, text).items():
        own = getattr(clip.tokenizer, f"clip_{name}")
        cut = own.tokenizer(text, truncation=True, max_length=77)["input_ids"]
        assert ids(chunks) == cut + [own.pad_token] * (77 - len(cut))
        assert [weight for _token, weight in chunks[0]] == [1.0] * 77


def test_a_short_prompt_without_syntax_is_read_as_everywhere(clip):
    assert plain_tokens(clip, "a red cat") == clip.tokenize("a red cat")


@pytest.mark.parametrize("text", [LONG, BRACKETS])
def test_only_the_authors_recipe_encodes_so(text):
    clip = make_clip()
    plain = clip.encode_from_tokens(plain_tokens(clip, text))
    usual = clip.encode_from_tokens(clip.tokenize(text))
    for recipe, expected in (("authors", plain), ("paper", usual)):
        settings = ConstructSettings(sampling=Sampling(steps=1, width=64, height=64), recipe=recipe)
        run = Construction(make_model(), clip, WORDS, [text], settings)
        found = run.method.sampler.encode({0: text})[0].embedding
        assert torch.equal(found, expected)
    assert plain.shape != usual.shape or not torch.equal(plain, usual)


def test_runs_of_the_authors_recipe_saved_with_other_tokens_are_known_apart():
    texts = [
        ConstructSettings(sampling=Sampling(), recipe=recipe).texts(1)
        for recipe in ("authors", "paper")
    ]
    assert "tokens" in texts[0] and "tokens" not in texts[1]
