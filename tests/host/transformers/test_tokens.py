"""Where words stand by the host's own tokenizers of transformers, and in what its encoders give."""

from __future__ import annotations

import pytest
import torch

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


class Clip:
    """A CLIP that has the host's tokenizer alone, and embeds a token as its number."""

    def __init__(self, tokenizer, dropped=0):
        self.tokenizer, self.dropped = tokenizer, dropped

    def tokenize(self, text):
        return self.tokenizer.tokenize_with_weights(text)

    def encode_from_tokens_scheduled(self, tokens):
        rows = len(next(iter(tokens.values()))[0])
        return [[torch.arange(float(rows))[None, self.dropped :, None], {}]]


def tokenizer(name):
    import comfy.text_encoders.anima as anima
    import comfy.text_encoders.cosmos as cosmos
    import comfy.text_encoders.flux as flux
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


def test_the_rows_that_qwen_image_drops_are_allowed_for(monkeypatch):
    """Its encoder's own cut, over an encoder that gives every token its number."""
    import comfy.text_encoders.qwen_image as qwen
    from comfy import sd1_clip

    def numbered(_self, tokens):
        rows = torch.arange(float(len(tokens["qwen25_7b"][0])))[None, :, None]
        return rows, None, {"attention_mask": torch.ones(rows.shape[:2])}

    monkeypatch.setattr(sd1_clip.SD1ClipModel, "encode_token_weights", numbered)
    clip = Clip(tokenizer("qwen-image"))
    tokens = clip.tokenize(PROMPT)
    encoder = qwen.QwenImageTEModel.__new__(qwen.QwenImageTEModel)
    embedding = encoder.encode_token_weights(tokens)[0]
    whole = read_prompt(clip, tokens, PROMPT, "one")
    clip.encode_from_tokens_scheduled = lambda _tokens: [[embedding, {}]]
    cut = prompts_of(HRVPrompt.execute(PROMPT, clip).args[0])[0]
    tagged = prompts_of(HRVTagPrompt.execute([[embedding, {}]], clip, PROMPT).args[0])[0]
    assert embedding.shape[1] < whole.tables[0].length
    for word in BYTES:
        rows = embedding[0, list(cut.find(word)), 0].int().tolist()
        assert tuple(rows) == whole.find(word) and tagged.find(word) == cut.find(word)


def test_sentence_pieces_of_lumina_2(tmp_path):
    """Its vocabulary comes with the checkpoint: here one is trained on a few words."""
    import sentencepiece
    from comfy.text_encoders.lumina2 import LuminaTokenizer

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
    model = torch.frombuffer(bytearray((tmp_path / "tiny.model").read_bytes()), dtype=torch.uint8)
    clip = Clip(LuminaTokenizer(tokenizer_data={"spiece_model": model}))
    prompt = read_prompt(clip, clip.tokenize("a red cat 猫"), "", "one")
    assert [word for word, _ in prompt.tables[0].words] == ["a", "red", "cat", "猫"]
    assert prompt.semantic[0] == 1 and len(prompt.find("猫")) == 3  # after the start; by bytes


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
