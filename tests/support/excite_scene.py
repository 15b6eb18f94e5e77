"""What the tests of A&E-HRV sample: a prompt of two things, small models, random relevance."""

from __future__ import annotations

import torch

import nodes as host_nodes
from hrv_pack.hrv.heads import head_table
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.excite.node import AttendExcite
from hrv_pack.nodes.prompts.nodes import HRVPrompt

TEXT, PLAIN_WORDS = "a red cat and a blue fish", "cat, fish"
CONCEPT_WORDS = "cat: Animals, fish: Animals, red: Color"
CAT, FISH, RED = 3, 7, 2  # positions in TEXT
SIDE = 8


def unet_of(model):
    return model.get_model_object("diffusion_model")


def prompts(clip):
    return HRVPrompt.execute(TEXT, clip).args[0], host_nodes.CLIPTextEncode().encode(clip, "")[0]


def relevance(model):
    heads = head_table(unet_of(model))
    vectors = torch.rand(2, len(heads), generator=torch.Generator().manual_seed(4))
    vectors = vectors * len(heads) / vectors.sum(dim=1, keepdim=True)
    return HeadRelevance(("Animals", "Color"), (("cat",), ("red",)), heads, vectors)


def excited(model, positive, words=PLAIN_WORDS, strength=1.0, **options):
    options = {"thresholds": "", **options}
    return AttendExcite.execute(model, positive, words, strength, **options).args[0]


def sample(model, positive, negative, steps=3, batch=1, sampler="euler", **options):
    latent = {"samples": options.pop("latent", torch.zeros(batch, 4, SIDE, SIDE)), **options}
    denoise = latent.pop("denoise", 1.0)
    run = host_nodes.KSampler().sample
    cfg = latent.pop("cfg", 5.0)
    return run(model, 3, steps, cfg, sampler, "normal", positive, negative, latent, denoise)[0][
        "samples"
    ]
