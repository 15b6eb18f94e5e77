"""UNet and text encoder as one thing to train."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...text import states
from . import text
from .network import diffusion_model

SILENT = ("out_layers.3", "proj_out", "unet.out.2", "out_proj", "mlp.fc2")
"""Layers that begin almost without a say."""


class Networks(nn.Module):
    """What is trained. ``rows``: size of the embedding table."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.unet = diffusion_model().diffusion_model
        self.text = text.build(rows)
        initialise(self)
        self.requires_grad_(True)
        self.text.text_projection.requires_grad_(False)

    def forward(self, noisy: Tensor, steps: Tensor, rows: Tensor) -> Tensor:
        """Clean latents (B, 48, 16, 16) from scaled noisy ones, time steps (B,) and captions."""
        context = states(self.text, rows)
        options = {"optimized_attention_override": _attention}
        return self.unet(noisy, steps, context=context, transformer_options=options).float()


def _attention(host: Any, q: Tensor, k: Tensor, v: Tensor, heads: int, **_: Any) -> Tensor:
    """In place of the host's attention: (B, tokens, heads * d) each.

    Written out, with the queries scaled instead of the scores: for heads this small that trains
    twice as fast on the CPU as the fused kernel.
    """
    q, k, v = (x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    mixed = (scores.softmax(-1) @ v).transpose(1, 2)
    return mixed.reshape(*mixed.shape[:2], -1)


def initialise(networks: nn.Module) -> None:
    """Set every weight; the host's layers leave them as they find them in memory."""
    for name, parameter in networks.named_parameters():
        if parameter.dim() < 2:
            nn.init.constant_(parameter, float("norm" in name or name.endswith("weight")))
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
        elif "embedding" in name:
            nn.init.normal_(parameter, std=0.3 if "token" in name else 0.05)
        else:
            gain = 0.1 if any(part in name for part in SILENT) else 1.0
            nn.init.normal_(parameter, std=gain * parameter[0].numel() ** -0.5)
