"""Where words stand by the host's own tokenizers of transformers, and in what its encoders give."""

from __future__ import annotations

import pytest
import torch
from token_clip import Clip

from hrv_pack.nodes.prompts.nodes import HRVPrompt, HRVTagPrompt
from hrv_pack.nodes.prompts.tag import prompts_of, read_prompt
from hrv_pack.nodes.steering.word_weight import _weights

pytestmark = pytest.mark.usefixtures("host")
PROMPT = "A vase in lavender color, an unbelievable crane's über-mouse, 一只猫 (2024)."
# as the tokenizers cut the prompt: ... ▁cran e ' s ▁ über - m ous e ...
SENTENCES = {
    "vase": [1],
    "lavender color": [3, 4],
    "unbelievable": [7],
    "crane": [8],
    "'s": [9, 10],
    "über": [11],
    "mouse": [13, 14, 15],
}
BYTES = {
    "vase": [1],
    "lavender color": [3, 4],
    "unbelievable": [7],
    "crane": [8],
    "'s": [9],
    "über": [10],
}


def tokenizer(name):
    import comfy.text_encoders.anima as anima
    import comfy.text_encoders.cosmos as cosmos
    import comfy.text_encoders.flux as flux
    import comfy.text_encoders.krea2 as krea2
    import comfy.text_encoders.pixart_t5 as t5
    import comfy.text_encoders.qwen_image as qwen
    import comfy.text_encoders.z_image as z_image

    return {
        "flux": flux.FluxTokenizer,
        "klein": flux.KleinTokenizer,
        "klein-8b": flux.KleinTokenizer8B,
        "anima": anima.AnimaTokenizer,
        "cosmos": cosmos.CosmosT5Tokenizer,
        "chroma": t5.PixArtTokenizer,
        "z-image": z_image.ZImageTokenizer,
        "qwen-image": qwen.QwenImageTokenizer,
        "krea2": krea2.Krea2Tokenizer,
    }[name]()


@pytest.mark.parametrize(
    ("name", "first", "length", "table"),
    [
        ("flux", 0, 256, SENTENCES),
        ("anima", 0, None, SENTENCES),
        ("cosmos", 0, 512, SENTENCES),
        ("chroma", 0, None, SENTENCES),
        ("z-image", 3, None, BYTES),
        ("klein", 3, 512, BYTES),
        ("klein-8b", 3, 512, BYTES),
        ("qwen-image", 34, None, BYTES),
        ("krea2", 34, None, BYTES),
    ],
)
def test_words_stand_where_the_tokenizer_puts_them(name, first, length, table):
    clip = Clip(tokenizer(name))
    prompt = read_prompt(clip, clip.tokenize(PROMPT), PROMPT, "one")
    found = {word: [position - first for position in prompt.find(word)] for word in table}
    assert found == table
    assert prompt.semantic[0] == first
    assert length in (None, prompt.tables[0].length)
    for word in ("assistant", "im_start", "system"):
        with pytest.raises(ValueError, match="is not in the prompt"):
            prompt.find(word)


@pytest.mark.parametrize("name", ["flux", "z-image", "qwen-image"])
def test_words_of_the_template_are_found_in_the_prompt_alone(name):
    clip = Clip(tokenizer(name))
    prompt = read_prompt(clip, clip.tokenize("user describe the image"), "", "one")
    assert [word for word, _ in prompt.tables[0].words] == ["user", "describe", "the", "image"]
    assert read_prompt(clip, clip.tokenize(""), "", "one").semantic == ()


def encoder_of(name):
    """The host's encoder of a family, and the shape of what it makes of tokens before its cut."""
    import comfy.text_encoders.krea2 as krea2
    import comfy.text_encoders.qwen_image as qwen

    kind, shape = {
        "qwen-image": (qwen.QwenImageTEModel, (1, -1, 1)),
        "krea2": (krea2.Krea2TEModel, (1, 1, -1, 1)),
    }[name]
    return kind.__new__(kind), shape


@pytest.mark.parametrize("name", ["qwen-image", "krea2"])
def test_the_rows_that_an_encoder_drops_are_allowed_for(monkeypatch, name):
    """Its own cut, over an encoder that gives every token its number."""
    from comfy import sd1_clip

    encoder, shape = encoder_of(name)

    def numbered(_self, tokens):
        rows = torch.arange(float(len(next(iter(tokens.values()))[0])))
        return rows.reshape(shape), None, {"attention_mask": torch.ones(1, len(rows))}

    monkeypatch.setattr(sd1_clip.SD1ClipModel, "encode_token_weights", numbered)
    clip = Clip(tokenizer(name))
    tokens = clip.tokenize(PROMPT)
    embedding = encoder.encode_token_weights(tokens)[0]
    whole = read_prompt(clip, tokens, PROMPT, "one")
    clip.encode_from_tokens_scheduled = lambda _tokens: [[embedding, {}]]
    cut = prompts_of(HRVPrompt.execute(PROMPT, clip).args[0])[0]
    tagged = prompts_of(HRVTagPrompt.execute([[embedding, {}]], clip, PROMPT).args[0])[0]
    assert embedding.shape[1] < whole.tables[0].length
    for word in BYTES:
        rows = embedding[0, list(cut.find(word)), 0].int().tolist()
        assert tuple(rows) == whole.find(word) and tagged.find(word) == cut.find(word)


@pytest.fixture
def vocabulary(tmp_path):
    """Sentence pieces trained on a few words: some vocabularies come with the checkpoint."""
    import sentencepiece

    words = "a red cat and an unbelievable vase sit beside the house in lavender color "
    (tmp_path / "text").write_text("\n".join([words * 3] * 30), "utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text"),
        model_prefix=str(tmp_path / "tiny"),
        vocab_size=300,
        byte_fallback=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    model = (tmp_path / "tiny.model").read_bytes()
    return {"spiece_model": torch.frombuffer(bytearray(model), dtype=torch.uint8)}


@pytest.mark.parametrize(("name", "first", "length"), [("lumina", 1, 7), ("wan", 0, 512)])
def test_sentence_pieces_of_a_checkpoint(vocabulary, name, first, length):
    from comfy.text_encoders.lumina2 import LuminaTokenizer
    from comfy.text_encoders.wan import WanT5Tokenizer

    kind = {"lumina": LuminaTokenizer, "wan": WanT5Tokenizer}[name]
    clip = Clip(kind(tokenizer_data=vocabulary))
    prompt = read_prompt(clip, clip.tokenize("a red cat 猫"), "", "one")
    assert [word for word, _ in prompt.tables[0].words] == ["a", "red", "cat", "猫"]
    assert prompt.semantic[0] == first and len(prompt.find("猫")) == 3  # by bytes
    assert prompt.tables[0].length >= length


def test_encoders_of_other_models_are_refused():
    import comfy.text_encoders.sd3_clip as sd3

    clip = Clip(sd3.SD3Tokenizer())
    with pytest.raises(ValueError, match=r"do not support .*t5xxl"):
        read_prompt(clip, clip.tokenize("a cat"), "a cat", "one")


@pytest.mark.parametrize("name", ["z-image", "klein", "qwen-image"])
def test_weights_that_an_encoder_ignores_are_kept_for_word_weight(name, caplog):
    clip = Clip(tokenizer(name), dropped=2)
    weighted = HRVPrompt.execute("a (red cat:1.3) and (mouse:-1)", clip).args[0]
    plain = HRVPrompt.execute("a red cat and mouse", clip).args[0]
    assert torch.equal(weighted[0][0], plain[0][0])
    (prompt,) = prompts_of(plain)
    found = _weights(weighted, "", 9.0)
    wanted = [(prompt.find("red cat"), 1.3), (prompt.find("mouse"), -1.0)]
    assert [(positions, weight) for _, positions, weight in found] == wanted
    assert "Word Weight" in caplog.text
    with pytest.raises(ValueError, match="type the word"):
        _weights(plain, "", 9.0)


@pytest.mark.parametrize("name", ["flux", "anima", "cosmos"])
def test_weights_that_an_encoder_reads_are_left_to_it(name, caplog):
    clip = Clip(tokenizer(name))
    prompt = prompts_of(HRVPrompt.execute("a (red cat:1.3)", clip).args[0])[0]
    assert prompt.find("red cat") == (2, 3) and prompt.weights == ()
    assert caplog.text == ""


def test_a_prompt_without_weights_is_encoded_as_it_is():
    clip = Clip(tokenizer("z-image"))
    seen = []
    plain_tokenize = clip.tokenize
    clip.tokenize = lambda text: seen.append(text) or plain_tokenize(text)
    HRVPrompt.execute("a man (in blue) at 12:30", clip)
    assert seen[0] == "a man (in blue) at 12:30"
