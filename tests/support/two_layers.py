"""The smallest model with cross-attention whose heads can be measured, in float64."""

from __future__ import annotations

import torch

from hrv_pack.hrv.attention import scale_value_rows, token_factors

IMAGES, CHANNELS, SIDE, TOKENS, WIDTH = 3, 4, 5, 6, 8
HEADS = (2, 4)  # of each layer
TOTAL = sum(HEADS)
WORD = (2, 3)  # the word's tokens


class Net(torch.nn.Module):
    """Two residual cross-attention layers between nonlinear maps: the smallest D(x, prompt, r)."""

    def __init__(self, literal: bool = False) -> None:
        super().__init__()
        self.literal = literal
        generator = torch.Generator().manual_seed(0)

        def linear(wide, out):
            return torch.randn(out, wide, generator=generator, dtype=torch.float64) / wide**0.5

        self.into, self.out = linear(CHANNELS, WIDTH), linear(WIDTH, CHANNELS)
        self.layers = [[linear(WIDTH, WIDTH) for _ in range(4)] for _ in HEADS]

    def forward(self, x, context, r):
        """x (I, C, S, S), context (T, width), r (I, H) -> a latent like x."""
        hidden = x.flatten(2).transpose(1, 2) @ self.into.T
        for (q, k, v, o), heads, mine in zip(
            self.layers, HEADS, r.split(HEADS, dim=1), strict=True
        ):
            query, key, value = torch.tanh(hidden) @ q.T, context @ k.T, context @ v.T
            read = self._literal if self.literal else self._scaled
            hidden = hidden + read(query, key, value, heads, mine) @ o.T
        return x + (torch.tanh(hidden) @ self.out.T).transpose(1, 2).view_as(x)

    @staticmethod
    def _scaled(query, key, value, heads, r):
        values = scale_value_rows(
            value.expand(len(r), -1, -1), token_factors(TOKENS, WORD, r, TOKENS)
        )
        q, k = (each.unflatten(-1, (heads, -1)) for each in (query, key))
        maps = torch.einsum("inhd,thd->ihnt", q, k).div(q.shape[-1] ** 0.5).softmax(dim=-1)
        v = values.unflatten(-1, (heads, -1))
        return torch.einsum("ihnt,ithd->inhd", maps, v).flatten(-2)

    @staticmethod
    def _literal(query, key, value, heads, r):
        """Map by map: softmax, then the word's columns times the head's own factor."""
        width = WIDTH // heads
        images = []
        for image in range(len(r)):
            parts = []
            for head in range(heads):
                part = slice(head * width, (head + 1) * width)
                logits = query[image, :, part] @ key[:, part].T / width**0.5
                maps = logits.exp() / logits.exp().sum(dim=-1, keepdim=True)
                columns = [
                    maps[:, t] * r[image, head] if t in WORD else maps[:, t] for t in range(TOKENS)
                ]
                parts.append(torch.stack(columns, dim=1) @ value[:, part])
            images.append(torch.cat(parts, dim=1))
        return torch.stack(images)


def readings():
    """Noisy latents, the prompt, and what the model predicts for two other prompts."""
    generator = torch.Generator().manual_seed(1)

    def randn(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x, prompt = randn(IMAGES, CHANNELS, SIDE, SIDE), randn(TOKENS, WIDTH)
    ones = torch.ones(IMAGES, TOTAL, dtype=torch.float64)
    a, b = (Net()(x, prompt + 0.5 * randn(TOKENS, WIDTH), ones) for _ in range(2))
    return x, prompt, a, b
