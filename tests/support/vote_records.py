"""Records of votes as a run would count them, image by image."""

from __future__ import annotations

import torch

from hrv_pack.hrv.construct.concepts import ConceptWords
from hrv_pack.hrv.construct.votes import VoteRecord
from hrv_pack.hrv.heads import HeadTable

WORDS = ConceptWords(("Color", "Animals", "Weather"), (("red",), ("cat",), ("rain", "snow")))
HEADS = HeadTable((("down", 0, 4), ("up", 0, 2)))
PROMPTS = tuple(f"prompt {n}" for n in range(10))
SETTINGS = {"recipe": "paper", "seed": "1", "weights": "a"}


def record(numbers=(), bins=2, settings=SETTINGS, words=WORDS, prompts=PROMPTS) -> VoteRecord:
    made = VoteRecord(words, HEADS, settings, prompts, bins)
    for number in numbers:
        made.add(number, image_votes(number, bins))
    return made


def image_votes(number: int, bins: int = 2) -> torch.Tensor:
    """Votes of three evaluations: every head gives three."""
    generator = torch.Generator().manual_seed(number)
    given = torch.randint(3, (3, len(HEADS)), generator=generator)
    votes = torch.zeros(bins, 3, len(HEADS), dtype=torch.int64)
    for evaluation, concepts in enumerate(given):
        votes[evaluation * bins // 3, concepts, torch.arange(len(HEADS))] += 1
    return votes
