"""Steering written out: each map built in float64 and its columns multiplied, and how to sample."""

from __future__ import annotations

import torch
from comfy.ldm.modules.attention import CrossAttention, optimized_attention

import nodes as host_nodes
from hrv_pack.hrv.heads import cross_attention_layers, head_table
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale

STRUCTURES = ["sd1", "sd2", "sdxl"]


def encode(clip, text):
    return host_nodes.CLIPTextEncode().encode(clip, text)[0]


def prompt(clip, text):
    return HRVPrompt.execute(text, clip).args[0]


def unet_of(model):
    return model.get_model_object("diffusion_model")


def sample(model, positive, negative, batch=1, height=8, width=8, steps=2, cfg=5.0):
    latent = {"samples": torch.zeros(batch, 4, height, width)}
    sampler = host_nodes.KSampler()
    return sampler.sample(model, 3, steps, cfg, "euler", "normal", positive, negative, latent, 1.0)[
        0
    ]["samples"]


def some_rescale(model, seed=5):
    heads = len(head_table(unet_of(model)))
    return torch.randn(heads, generator=torch.Generator().manual_seed(seed)) * 1.5


def steer(model, conditioning, words, rescale=None, start=1e9, end=0.0):
    rescale = some_rescale(model) if rescale is None else rescale
    found = [WordRescale(p, p.find(words), rescale, start, end) for p in prompts_of(conditioning)]
    return add_hooks(model, [Rescale(found, "test")])


class LiteralMaps:
    """The paper's definition, by hand: build each map in float64 and multiply its columns.

    Replaces CrossAttention.forward, so it shares no patch point with the pack. `columns` maps a
    batch row to the token columns to rescale there.
    """

    def __init__(self, model, columns, rescale):
        self.heads = head_table(unet_of(model))
        self.layers = {id(la.attention): la for la in cross_attention_layers(unet_of(model))}
        self.columns, self.rescale = columns, rescale

    def __call__(self, attention, x, context=None, value=None, mask=None, transformer_options=None):
        layer = self.layers.get(id(attention))
        source = x if context is None else context
        q, k, v = attention.to_q(x), attention.to_k(source), attention.to_v(source)
        if layer is None:
            return attention.to_out(optimized_attention(q, k, v, attention.heads))
        split = lambda t: t.double().unflatten(-1, (attention.heads, -1)).transpose(1, 2)  # noqa: E731
        q, k, v = split(q), split(k), split(v)
        maps = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)
        r = self.rescale[self.heads.span(layer.stage, layer.layer)].double()
        for row, columns in self.columns(x.shape[0], source.shape[1]).items():
            for column in columns:
                maps[row, :, :, column] *= r[:, None]
        out = (maps @ v).transpose(1, 2).flatten(-2).float()
        return attention.to_out(out)


def literally(monkeypatch, model, columns, rescale):
    literal = LiteralMaps(model, columns, rescale)
    monkeypatch.setattr(
        CrossAttention, "forward", lambda self, x, *a, **k: literal(self, x, *a, **k)
    )
