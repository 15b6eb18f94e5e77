"""What a construction depends on, checked before anything is sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...hrv.construct.algorithm import RECIPES, VOTE_RULES, Recipe, VoteRule
from ...hrv.text.untrusted import require_number

MEASURED: Literal["measured"] = "measured"
METHODS: tuple[str, ...] = (*RECIPES, MEASURED)


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
        require_number("cfg", self.cfg)

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
        require_at_least_one("images per save", self.size)

    def together(self, prompts: int) -> str:
        """Which images share U-Net calls, of so many prompts, as runs on disk name it."""
        return "1" if self.exact else f"{self.size}, {prompts} prompts"


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What recipe measured needs.

    templates: one per line; images: of each prompt; swaps: other words for each concept's word.
    """

    templates: str = ""
    images: int = 1
    swaps: int = 3

    def __post_init__(self) -> None:
        require_at_least_one("images", self.images)
        require_at_least_one("swaps", self.swaps)


@dataclass(frozen=True, kw_only=True)
class ConstructSettings:
    """How images are sampled, and their votes counted or what their heads do measured.

    timestep_bins: equal parts of the denoising steps whose votes are counted apart; rule: what of
    a head's scores is counted.
    """

    sampling: Sampling
    batching: Batching = Batching()
    recipe: Recipe | Literal["measured"] = "paper"
    timestep_bins: int = 1
    measuring: Measuring = Measuring()
    rule: VoteRule = "highest"

    def __post_init__(self) -> None:
        if self.recipe not in METHODS:
            raise ValueError(f"recipe should be {' or '.join(METHODS)}; found {self.recipe!r}.")
        if self.rule not in VOTE_RULES:
            raise ValueError(f"vote should be {' or '.join(VOTE_RULES)}; found {self.rule!r}.")
        require_at_least_one("timestep bins", self.timestep_bins)
        if self.recipe == MEASURED:
            self._require_measurable()

    @property
    def voting(self) -> Recipe:
        """The recipe by which heads vote; TypeError where they do not."""
        if self.recipe == "measured":
            raise TypeError("recipe measured has no votes")
        return self.recipe

    def _require_measurable(self) -> None:
        if self.timestep_bins > 1:
            raise ValueError(
                f"Timestep bins ({self.timestep_bins}) count votes apart, and recipe measured has "
                "none. Set timestep bins to 1."
            )
        if self.rule != "highest":
            raise ValueError(
                f"vote ({self.rule}) counts votes, and recipe measured has none. Set vote to "
                "highest."
            )
        if not self.batching.exact:
            raise ValueError(
                "Recipe measured always computes each prompt by itself. Switch exact votes "
                "on, or choose recipe paper."
            )

    @property
    def plain_prompts(self) -> bool:
        """Whether prompts are read literally and cut at 77 tokens, as the authors read theirs."""
        return self.recipe == "authors"

    def texts(self, prompts: int) -> dict[str, str]:
        """All of it that the result of so many prompts depends on, as the run's file keeps it."""
        if self.recipe == MEASURED:
            return {
                "recipe": self.recipe,
                "seed": str(self.sampling.seed),
                "sampling": str(self.sampling),
                "templates": self.measuring.templates.strip(),
                "images of a prompt": str(self.measuring.images),
                "swaps": str(self.measuring.swaps),
            }
        texts = {
            "recipe": self.recipe,
            "seed": str(self.sampling.seed),
            "sampling": str(self.sampling),
            "pictures together": self.batching.together(prompts),
        }
        if self.rule != "highest":
            texts["vote rule"] = self.rule
        # Runs of recipe "authors" saved before prompts were encoded so are of other images.
        return {**texts, "tokens": "plain, one chunk"} if self.plain_prompts else texts
