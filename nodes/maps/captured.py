"""The attention maps that HRV Capture keeps, found again by the LATENT they belong to."""

from __future__ import annotations

import torch
from comfy_api.latest import io

from ...hrv.heads import HeadTable
from ...hrv.maps import HeadMaps, LayerMaps
from ...hrv.text.search import in_any
from ..prompts.tag import Prompt

MAPS = io.Custom("HRV_MAPS")
KEPT_SAMPLINGS = 4
KEPT_BYTES = 200 * 2**20


class CapturedMaps:
    """What an HRV Capture saw: the maps of its last few samplings, each with its LATENT.

    ComfyUI keeps older images and does not sample them again, so maps are found by the LATENT
    they belong to. The last few are kept on the CPU, within KEPT_BYTES.
    """

    def __init__(self, prompts: list[Prompt], heads: HeadTable) -> None:
        self.prompts, self.heads = prompts, heads
        self._kept: list[tuple[torch.Tensor, HeadMaps]] = []

    @property
    def tokens(self) -> int:
        """How many tokens are captured: the semantic tokens of all prompts in a row."""
        return sum(len(prompt.semantic) for prompt in self.prompts)

    def first_token(self, prompt_id: str) -> int:
        """The number of a prompt's first token among all captured ones."""
        names = [prompt.id for prompt in self.prompts]
        return sum(len(p.semantic) for p in self.prompts[: names.index(prompt_id)])

    def columns(self, words: str) -> list[int]:
        """Numbers of the words' tokens, all occurrences; ValueError lists the prompt's words."""
        found: list[int] = []
        located = in_any(self.prompts, lambda prompt: prompt.find(words))
        for prompt, positions in zip(self.prompts, located, strict=True):
            first = self.first_token(prompt.id)
            found += [first + prompt.semantic.index(position) for position in positions or ()]
        return found

    def keep(self, latent: torch.Tensor, maps: HeadMaps) -> None:
        """Keep the maps of a finished sampling, and forget the oldest beyond the limits."""
        self._kept.append((latent.cpu(), maps.to("cpu")))
        self.make_room(0, KEPT_SAMPLINGS)

    def make_room(self, size: int, samplings: int = KEPT_SAMPLINGS - 1) -> None:
        """Forget the oldest samplings until `size` more bytes fit."""
        while len(self._kept) > max(1, samplings) or (
            len(self._kept) > 1 and size + sum(m.nbytes for _, m in self._kept) > KEPT_BYTES
        ):
            del self._kept[0]

    def of(self, latent: torch.Tensor) -> HeadMaps:
        """The maps of the sampling that made this LATENT (I, channels, height, width)."""
        if not self._kept:
            raise ValueError(
                "Nothing has been captured yet. Connect HRV Capture's MODEL to the sampler whose "
                "LATENT you use here, and the captured prompt to its positive."
            )
        for made, maps in reversed(self._kept):
            if made.shape == latent.shape and torch.equal(made.to(latent.dtype), latent.cpu()):
                return maps
        raise ValueError(
            "These maps belong to another sampling than this LATENT. Connect the LATENT straight "
            "from the sampler that uses HRV Capture's MODEL; after P2P-HRV Edit, the latent of "
            f"P2P Split that shows the captured prompt. At most {KEPT_SAMPLINGS} samplings are "
            "kept; to sample an older image again, change the sampler's seed and change it back."
        )

    def word(self, latent: torch.Tensor, words: str) -> tuple[HeadMaps, list[LayerMaps]]:
        """All maps of a sampling, and the words' own."""
        columns = self.columns(words)
        maps = self.of(latent)
        return maps, maps.means(columns)
