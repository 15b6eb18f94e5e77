"""Rebuild pretrained/demo.hrv.safetensors (`make demo-hrv`): the demo model's heads vote."""

from __future__ import annotations

import torch
from tqdm import tqdm

from ..demo.concepts import CONCEPTS, prompts
from ..demo.model import load_demo_model
from ..hrv.construct import ConceptWords
from ..hrv.store import save_relevance
from ..nodes.construct import Sampling, construct
from ..nodes.library import PRETRAINED

PROMPTS, SEED = 400, 2412
WORDS = ConceptWords(tuple(CONCEPTS), tuple(CONCEPTS.values()))
SAMPLING = Sampling(SEED, 20, 4.0, "euler", "normal", 64, 64, 20, "paper", exact=False)


def main() -> None:
    """Construct from the demo world's concepts and prompts, and save."""
    with torch.inference_mode(), tqdm(total=PROMPTS, desc="prompts") as bar:
        model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
        relevance = construct(
            model,
            clip,
            WORDS,
            prompts(PROMPTS, SEED),
            SAMPLING,
            lambda done, _total: bar.update(done - bar.n),
        )
    save_relevance(PRETRAINED / "demo.hrv.safetensors", relevance)
