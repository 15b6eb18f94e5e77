"""A real SD1.5-size UNet with random weights, steered for two steps."""

from __future__ import annotations

import pytest
import torch

import nodes as host_nodes
from hrv_pack.benchmarks.costs.full_size import full_size_sd15
from hrv_pack.hrv.heads import head_table
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("host")]


def test_an_sd15_size_model_is_steered_and_left_untouched():
    with torch.inference_mode():
        model, clip = full_size_sd15()
        heads = head_table(model.get_model_object("diffusion_model"))
        assert (heads.family, len(heads)) == ("SD1.x", 128)
        positive = HRVPrompt.execute("A vase in lavender color", clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        prompt = prompts_of(positive)[0]

        def sample(factor):
            patched = model
            if factor is not None:
                rescale = torch.full((128,), factor)
                word = WordRescale(prompt, prompt.find("lavender"), rescale, 1e9, 0.0)
                patched = add_hooks(model, [Rescale([word], "test")])
            latent = {"samples": torch.zeros(1, 4, 8, 8)}
            return host_nodes.KSampler().sample(
                patched, 1, 2, 5.0, "euler", "normal", positive, negative, latent, 1.0
            )[0]["samples"]

        plain = sample(None)
        assert torch.equal(sample(1.0), plain)
        steered = sample(-2.0)
        assert torch.isfinite(steered).all()
        assert not torch.equal(steered, plain)
        assert torch.equal(sample(None), plain)
