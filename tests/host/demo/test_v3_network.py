"""The UNet of v3 in ComfyUI's class: where its cross-attention stands, and its words."""

from __future__ import annotations

import numpy as np
import torch

from hrv_pack.demo.v3.model.network import diffusion_model
from hrv_pack.demo.v3.model.networks import Networks
from hrv_pack.demo.v3.model.vocabulary import Vocabulary
from hrv_pack.demo.v3.world import captions
from hrv_pack.demo.v3.world import scenes as world


def test_cross_attention_maps_are_16_8_and_4_wide() -> None:
    torch.manual_seed(0)
    networks = Networks(100)
    seen: list[int] = []
    for name, module in networks.unet.named_modules():
        if name.endswith("attn2"):
            assert module.heads == 8
            module.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[1]))
    with torch.no_grad():
        made = networks(
            torch.randn(1, 48, 16, 16), torch.tensor([500.0]), torch.zeros(1, 77).long()
        )
    assert made.shape == (1, 48, 16, 16)
    assert seen == [256, 256, 64, 64, 16, 64, 64, 64, 256, 256, 256]
    assert 8e6 < sum(p.numel() for p in networks.unet.parameters()) < 14e6


def test_the_network_predicts_the_clean_latent() -> None:
    sampling = diffusion_model().model_sampling
    made = torch.randn(1, 48, 16, 16)
    assert sampling.calculate_denoised(torch.ones(1), made, torch.zeros_like(made)) is made


def test_every_caption_has_known_words_only_and_the_hosts_tokens() -> None:
    from comfy.sd1_clip import SDTokenizer

    vocabulary, tokenizer, rng = Vocabulary(), SDTokenizer(), np.random.default_rng(0)
    known = [*vocabulary.known.tolist(), -1]
    for _ in range(100):
        said = captions.caption(world.random_scene(rng), rng)
        tokens = [int(token) for token, _ in tokenizer.tokenize_with_weights(said)[0]]
        assert [known[row] for row in vocabulary.rows(said)] == tokens, said
