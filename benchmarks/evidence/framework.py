"""What every experiment gets (`Lab`) and what it must give (`Experiment`).

Nothing of ComfyUI is imported before a `Lab` samples, so that summaries and pages need no host.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from ...demo.judge import Judge, Verdict, load_judge
from ...demo.sampling import Sampling
from ...demo.scoring import TEST_SEED
from ...hrv.files.hrv_file import load_relevance
from ...hrv.relevance import HeadRelevance

Size = Literal["quick", "full"]
Case = dict[str, Any]
"""What one unit of work needs, as JSON; fixed in advance, with its seeds."""
Rows = dict[str, Any]
"""What `Experiment.run` found in one case, as JSON: raw outcomes, nothing summed up."""
Summary = dict[str, Any]
"""See `Experiment.summarise`."""
Conditioning = list[list[Any]]

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
_FIRST = TEST_SEED + 13_000_000
"""Earlier seeds were looked at while the experiments were written."""
SEEDS: dict[str, int] = {
    "weakening": _FIRST + 100_000,
    "meanings": _FIRST + 200_000,
    "editing": _FIRST + 300_000,
    "multi_object": _FIRST + 400_000,
    "segmentation": _FIRST + 500_000,
    "timesteps": _FIRST + 600_000,
    "breaking": _FIRST + 700_000,
}
"""Experiment -> its first seed; the next 100,000 are its own."""
EXPERIMENTS: tuple[str, ...] = tuple(SEEDS)
"""Modules of this package, in the order of the page; each has an `EXPERIMENT`."""


USUAL = Sampling(steps=10)
"""How pictures are sampled unless an experiment says otherwise."""


class Lab:
    """The demo model, its judge and its HRV, loaded when first asked for."""

    def __init__(self, folder: Path = PRETRAINED) -> None:
        self.folder = folder

    @cached_property
    def parts(self) -> tuple[Any, Any, Any]:
        """MODEL, CLIP and VAE of the demo model."""
        from ...demo.model import load_demo_model

        return load_demo_model(self.folder / "demo_model.safetensors")

    @property
    def model(self) -> Any:
        """The plain MODEL."""
        return self.parts[0]

    @property
    def clip(self) -> Any:
        """The CLIP."""
        return self.parts[1]

    @property
    def vae(self) -> Any:
        """The VAE."""
        return self.parts[2]

    @cached_property
    def judge(self) -> Judge:
        """The judge of the demo world."""
        return load_judge(self.folder / "demo_judge.safetensors")

    @cached_property
    def relevance(self) -> HeadRelevance:
        """The demo model's HRV."""
        return load_relevance(self.folder / "demo.hrv.safetensors")

    @cached_property
    def _negative(self) -> Conditioning:
        return self.clip.encode_from_tokens_scheduled(self.clip.tokenize(""))

    def prompt(self, text: str) -> Conditioning:
        """The prompt as HRV Prompt encodes it."""
        from ...nodes.prompts.nodes import HRVPrompt

        return HRVPrompt.execute(text, self.clip).args[0]

    def latents(
        self,
        model: Any,
        positive: str | Conditioning,
        seeds: Sequence[int],
        how: Sampling = USUAL,
        pairs: bool = False,
    ) -> Tensor:
        """Latents (B, 48, 8, 8) from the host's sampler, picture i from the noise of seed i.

        positive: a prompt, or a CONDITIONING of one row or of B rows; pairs: every noise twice in
        a row, as P2P-HRV Edit needs it, so that B is twice the number of seeds.
        """
        import torch

        from ...demo.generate import noise, sample

        start = noise(seeds)
        start = start.repeat_interleave(2, dim=0) if pairs else start
        asked = self.prompt(positive) if isinstance(positive, str) else positive
        with torch.inference_mode():
            return sample(model, start, asked, self._negative, seeds[0], how)

    def sample(
        self,
        model: Any,
        positive: str | Conditioning,
        seeds: Sequence[int],
        how: Sampling = USUAL,
        pairs: bool = False,
    ) -> Tensor:
        """Pictures (B, 64, 64, 3) in [0, 1]; see `latents`."""
        return self.vae.decode(self.latents(model, positive, seeds, how, pairs))

    def see(
        self,
        model: Any,
        positive: str | Conditioning,
        seeds: Sequence[int],
        how: Sampling = USUAL,
    ) -> list[Verdict]:
        """What the judge sees in the pictures of these seeds."""
        return self.judge(self.sample(model, positive, seeds, how))


class Experiment(ABC):
    """One experiment of the papers.

    name: its module; title: of its section; paper: where it stands there, and the number found
    there; version: raised whenever `run` gives other rows for the same case.
    """

    name: str
    title: str
    paper: str
    version: int = 1

    @abstractmethod
    def cases(self, size: Size) -> list[Case]:
        """All cases of this size, the same on every call."""

    @abstractmethod
    def run(self, lab: Lab, case: Case) -> Rows:
        """Sample one case and return its raw outcomes."""

    @abstractmethod
    def summarise(self, rows: list[Rows]) -> Summary:
        """All cases' rows, in order, as

        ours: the figure beside the paper's, as text; interval: its 95% interval [low, high] or
        None; sentence: what the numbers say; findings: further such sentences (may be left out);
        tables: [{"title", "header": [...], "rows": [[...], ...]}, ...]; captions: {figure: text}
        (may be left out); data: what figures are drawn from. All JSON.
        """

    @abstractmethod
    def figures(self, summary: Summary, folder: Path) -> list[str]:
        """Draw PNG figures into the folder; their file names, each starting with `name`."""

    def cost(self, case: Case) -> float:
        """Seconds that the case takes on one thread, roughly, for the progress bar."""
        return 10.0


def experiment(name: str) -> Experiment:
    """The experiment of this name."""
    if name not in EXPERIMENTS:
        raise ValueError(f"There is no experiment {name!r}; there are {', '.join(EXPERIMENTS)}.")
    return import_module(f".{name}.experiment", __package__).EXPERIMENT
