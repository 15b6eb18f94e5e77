"""A MODEL whose words are rescaled, as every steering node asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ...hrv.relevance import HeadRelevance
from ..host.model import percent_to_sigmas
from ..host.patching import add_hooks
from ..library.compatibility import require_compatible
from ..prompts.tag import locate
from .rescale import Rescale, WordRescale


@dataclass(frozen=True, eq=False)
class Steering:
    """What a steering node asks for.

    label: its name in messages; words: of the prompt, separated by commas, or empty for all of
    it; r (H,): what each head's maps of them are multiplied with; start_percent, end_percent:
    when in the sampling.
    """

    label: str
    words: str
    r: Tensor
    start_percent: float = 0.0
    end_percent: float = 1.0


def steered(model: Any, relevance: HeadRelevance, conditioning: Any, steering: Steering) -> Any:
    """A clone of `model` that rescales the words' attention maps, for HRVs made for it."""
    require_compatible(relevance, model)
    return rescaled(model, conditioning, steering)


def rescaled(model: Any, conditioning: Any, steering: Steering) -> Any:
    """A clone of `model` that rescales the words' attention maps."""
    start, end = percent_to_sigmas(model, steering.start_percent, steering.end_percent)
    words = [
        WordRescale(prompt, positions, steering.r, sigma_start=start, sigma_end=end)
        for prompt, positions in locate(conditioning, steering.words)
    ]
    return add_hooks(model, [Rescale(words, steering.label)])
