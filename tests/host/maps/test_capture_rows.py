"""Whose rows HRV Capture reads, told by the keys themselves and not by the pack's bookkeeping."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from tiny_models import make_model

import nodes
from hrv_pack.hrv.heads import cross_attention_layers
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.prompts.nodes import HRVPrompt

pytestmark = pytest.mark.usefixtures("host")
IMAGES = 3
LONG = "a red vase " + "and a very green apple " * 17
LONGER = "a red vase " + "and a very green apple " * 32


class Watch:
    """Queries and keys of every layer, and the host's cond_or_uncond, of every evaluation."""

    def __init__(self, model: Any) -> None:
        self.order: list[list[int]] = []
        self.layers = cross_attention_layers(model.get_model_object("diffusion_model"))
        self.seen: dict[Any, list[tuple[torch.Tensor, torch.Tensor]]] = {}
        self.model = model.clone()
        self.model.set_model_unet_function_wrapper(self._note)

    def _note(self, apply: Any, args: dict[str, Any]) -> Any:
        self.order.append(list(args["cond_or_uncond"]))
        handles = [handle for layer in self.layers for handle in self._hooks(layer)]
        try:
            return apply(args["input"], args["timestep"], **args["c"])
        finally:
            for handle in handles:
                handle.remove()

    def _hooks(self, layer: Any) -> Any:
        seen = self.seen.setdefault((layer.stage, layer.layer), [])
        last: list[torch.Tensor] = []
        yield layer.attention.to_q.register_forward_hook(lambda _m, _a, q: last.append(q))
        yield layer.attention.to_k.register_forward_hook(
            lambda _m, _a, k: seen.append((last.pop(), k))
        )

    def word_map(self, layer: Any, embedding: torch.Tensor, positions: Any) -> torch.Tensor:
        """Literal mean map (I, heads, n, pixels) float64 of the rows with this embedding's keys."""
        own = layer.attention.to_k(embedding)
        length, maps = own.shape[1], []
        for q, k in self.seen[layer.stage, layer.layer]:
            rows = [i for i in range(len(k)) if torch.allclose(k[i, :length], own[0], atol=1e-5)]
            assert len(rows) == IMAGES
            q, k = (x[rows].double().unflatten(-1, (layer.heads, -1)) for x in (q, k))
            logits = torch.einsum("bnhd,bthd->bhtn", q, k) / math.sqrt(q.shape[-1])
            total = logits.softmax(dim=2)
            copies = range(0, total.shape[2], length)
            maps.append(sum(total[:, :, [start + p for p in positions]] for start in copies))
        return torch.stack(maps).mean(dim=0)


@pytest.mark.parametrize(
    ("positives", "negative", "cfg", "order", "tokens"),
    [
        (["a red vase"], "blurry", 5.0, [1, 0], 77),
        (["a red vase"], "blurry", 1.0, [0], 77),
        (["a red vase", "a blue vase on a table"], "blurry", 5.0, [1, 0, 0], 77),
        (["a red vase", LONG], "", 5.0, [1, 0, 0], 154),
        (["a red vase"], LONGER, 5.0, [1, 0], 231),
        ([LONGER], "a red vase", 5.0, [1, 0], 231),
    ],
)
def test_captured_maps_are_the_softmax_of_the_rows_with_the_prompts_own_keys(
    clip, positives, negative, cfg, order, tokens
):
    with torch.inference_mode():
        each = [HRVPrompt.execute(text, clip).args[0] for text in positives]
        joined = [entry for conditioning in each for entry in conditioning]
        other = HRVPrompt.execute(negative, clip).args[0]
        watch = Watch(make_model())
        watched, maps = HRVCapture.execute(watch.model, joined).args
        empty = {"samples": torch.zeros(IMAGES, 4, 8, 6)}
        chosen = (3, 2, cfg, "euler", "normal", joined, other, empty)
        latent = nodes.common_ksampler(watched, *chosen)[0]["samples"]
        assert watch.order == [order] * 2
        captured = maps.of(latent)
        for conditioning, prompt in zip(each, maps.prompts, strict=True):
            positions = prompt.find("vase")
            first = maps.first_token(prompt.id)
            found = captured.means([first + prompt.semantic.index(p) for p in positions])
            assert len(found) == len(watch.layers)
            for layer, mine in zip(watch.layers, found, strict=True):
                assert watch.seen[layer.stage, layer.layer][0][1].shape[1] == tokens
                wanted = watch.word_map(layer, conditioning[0][0], positions)
                torch.testing.assert_close(
                    mine.maps.flatten(-2).double(), wanted, atol=2e-6, rtol=1e-5
                )
