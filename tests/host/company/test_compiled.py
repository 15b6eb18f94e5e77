"""TorchCompileModel before and after: steered as without it, or refused by name."""

from __future__ import annotations

import pytest
import torch
from comfy_extras.nodes_torch_compile import TorchCompileModel
from literal_steering import encode, prompt, sample, steer, unet_of

pytestmark = pytest.mark.usefixtures("host", "inference")


@pytest.mark.parametrize("backend", ["inductor", "cudagraphs"])
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_compiled_model_is_steered_as_the_plain_one(models, clip, caplog, backend, order):
    model, base, negative = models["sd1"], prompt(clip, "a red cat"), encode(clip, "bad")

    def compiled(patcher):
        return TorchCompileModel.execute(patcher, backend).args[0]

    both = (
        steer(compiled(model), base, "cat")
        if order == "before"
        else compiled(steer(model, base, "cat"))
    )
    found = sample(both, base, negative)
    assert torch.equal(found, sample(steer(model, base, "cat"), base, negative))
    assert caplog.text.count("without torch.compile") == 1


@pytest.mark.parametrize("part", ["whole", "block"])
def test_what_another_node_compiled_is_refused(models, clip, part):
    model, base = models["sd1"].clone(), prompt(clip, "a red cat")
    name = "diffusion_model" + (".middle_block.1.transformer_blocks.0" if part == "block" else "")
    steered = steer(model, base, "cat")
    steered.add_object_patch(name, torch.compile(model.get_model_object(name), backend="eager"))
    with pytest.raises(ValueError, match="This model is compiled"):
        sample(steered, base, encode(clip, "bad"))
    assert not hasattr(unet_of(models["sd1"]), "_orig_mod")
