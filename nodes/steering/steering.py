"""A MODEL whose words are rescaled, as every steering node asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ...hrv.relevance import HeadRelevance
from ...hrv.text.untrusted import require_number
from ..host.model import percent_to_sigmas
from ..host.patching import add_hooks
from ..library.compatibility import require_compatible
from ..prompts.tag import Prompt, locate
from .rescale import Rescale, WordRescale

Target = tuple[Prompt, tuple[int, ...], Tensor]
"""A prompt, positions of its tokens, and the r (H,) that their maps are multiplied with."""
Percents = tuple[float, float]
"""When to start and to end, as parts of the sampling."""


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
    located = locate(conditioning, steering.words)
    targets = [(prompt, positions, steering.r) for prompt, positions in located]
    percents = (steering.start_percent, steering.end_percent)
    return rescaled(model, targets, steering.label, percents)


def rescaled(model: Any, targets: Sequence[Target], label: str, percents: Percents) -> Any:
    """A clone of `model` that rescales the targets' attention maps; label: of messages.

    ValueError for an r that holds what is no number.
    """
    for _, _, r in targets:
        for entry in r[~r.isfinite()].tolist():
            require_number(f"{label}: what heads are multiplied with", entry)
    start, end = percent_to_sigmas(model, *percents)
    words = [WordRescale(*target, sigma_start=start, sigma_end=end) for target in targets]
    return add_hooks(model, [Rescale(words, label)])
