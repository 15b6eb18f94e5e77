"""What P2P-HRV Edit is asked for, checked before anything is patched."""

from __future__ import annotations

from dataclasses import dataclass

from ...hrv.text.align import Mapper, Mode
from ...hrv.text.untrusted import require_number

LABEL = "P2P-HRV Edit"


@dataclass(frozen=True, kw_only=True)
class WordEdit:
    """Which words are edited, and how.

    words: of the target prompt, separated by commas; empty for those that differ. mapper: how
    tokens of the two prompts are matched. weight: of the words' maps, used by reweight.
    """

    mode: Mode
    words: str = ""
    mapper: Mapper = "corrected"
    weight: float = 1.0

    def __post_init__(self) -> None:
        require_number(f"{LABEL}: weight", self.weight)
        if self.mode == "reweight" and not self.words.strip():
            raise ValueError(f"{LABEL}: type the word to reweight into “words”.")


@dataclass(frozen=True)
class Ranges:
    """Shares of the sampling's steps, from the first, and the largest layers of self-replace.

    divisor: of the latent's sides; 4 is the published rule, 16 x 16 of a 64 x 64 latent.
    """

    cross_replace: float
    self_replace: float
    divisor: int

    def __post_init__(self) -> None:
        require_share("cross_replace", self.cross_replace)
        require_share("self_replace", self.self_replace)


@dataclass(frozen=True, kw_only=True)
class Blend:
    """The local blend: the words whose area may change, and how much they must be attended to.

    words: of either prompt, separated by commas; empty for those that differ.
    """

    words: str = ""
    threshold: float = 0.3

    def __post_init__(self) -> None:
        require_share("blend_threshold", self.threshold)


@dataclass(frozen=True, kw_only=True)
class P2PSettings:
    """All of it; without a blend the whole image may change."""

    edit: WordEdit
    ranges: Ranges
    blend: Blend | None = None


def require_share(name: str, found: float) -> None:
    """ValueError, naming the setting, for a number that is not from 0 to 1."""
    if not 0.0 <= found <= 1.0:
        raise ValueError(f"{LABEL}: {name} should be from 0 to 1; found {found:g}.")
