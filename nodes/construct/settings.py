"""What a construction depends on, checked before anything is sampled."""

from __future__ import annotations

from dataclasses import dataclass

from ...hrv.construct.algorithm import RECIPES, Recipe


def require_at_least_one(name: str, found: int) -> None:
    """ValueError, naming the setting, for a number below 1."""
    if found < 1:
        raise ValueError(f"{name} should be 1 or more; found {found}.")


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How each image is sampled; width and height in pixels."""

    seed: int = 0
    steps: int = 50
    cfg: float = 7.5
    sampler: str = "euler"
    scheduler: str = "normal"
    width: int = 512
    height: int = 512

    def __post_init__(self) -> None:
        for name, found in (("steps", self.steps), ("width", self.width), ("height", self.height)):
            require_at_least_one(name, found)

    def __str__(self) -> str:
        """Everything but the seed, as runs on disk name it."""
        size = f"{self.width}x{self.height}"
        return f"{self.sampler}, {self.scheduler}, {self.steps} steps, cfg {self.cfg:g}, {size}"


@dataclass(frozen=True, kw_only=True)
class Batching:
    """size: images between two savings.

    exact: each image is computed by itself, so that no vote depends on `size`. Else the images
    of a batch share their U-Net calls, whose last bits depend on the batch; batches start at
    fixed prompt numbers, so shards and interruptions still change nothing.
    """

    size: int = 1
    exact: bool = True

    def __post_init__(self) -> None:
        require_at_least_one("batch", self.size)

    def together(self, prompts: int) -> str:
        """Which images share U-Net calls, of so many prompts, as runs on disk name it."""
        return "1" if self.exact else f"{self.size}, {prompts} prompts"


@dataclass(frozen=True, kw_only=True)
class ConstructSettings:
    """How images are sampled and their votes counted.

    timestep_bins: equal parts of the denoising steps whose votes are counted apart.
    """

    sampling: Sampling
    batching: Batching = Batching()
    recipe: Recipe = "paper"
    timestep_bins: int = 1

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise ValueError(f"recipe should be {' or '.join(RECIPES)}; found {self.recipe!r}.")
        require_at_least_one("parts", self.timestep_bins)

    @property
    def plain_prompts(self) -> bool:
        """Whether prompts are read literally and cut at 77 tokens, as the authors read theirs."""
        return self.recipe == "authors"

    def texts(self, prompts: int) -> dict[str, str]:
        """All of it that the votes of so many prompts depend on, as the run's file keeps it."""
        texts = {
            "recipe": self.recipe,
            "seed": str(self.sampling.seed),
            "sampling": str(self.sampling),
            "pictures together": self.batching.together(prompts),
        }
        # Runs of recipe "authors" saved before prompts were encoded so are of other images.
        return {**texts, "tokens": "plain, one chunk"} if self.plain_prompts else texts
