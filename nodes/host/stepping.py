"""A sampler's steps, seen from the model it calls, and its own latent at the start of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ...hrv.schedule import step_of
from .samplers import stepping_of

_NEAR = 1e-3  # a step begins at its own noise level; evaluations between two levels do not count


@dataclass(frozen=True)
class StepContext:
    """Step `number` of `steps`, before its first evaluation.

    x: the sampler's own latent (I, channels, height, width), to be changed in place; sigma (I,);
    model: what the sampler is about to call with them and the keyword arguments kwargs.
    """

    number: int
    steps: int
    x: torch.Tensor
    sigma: torch.Tensor
    model: Any
    kwargs: dict[str, Any]

    @property
    def scale(self) -> float:
        """x over the latent z of the papers, which the U-Net reads: sqrt(sigma^2 + 1)."""
        sampling = _base_model(self.model).model_sampling
        one = torch.ones_like(self.x[:1, :1, :1, :1])
        return 1.0 / float(sampling.calculate_input(self.sigma[:1], one))

    @property
    def unet(self) -> torch.nn.Module:
        """The U-Net behind the model."""
        unet: torch.nn.Module = _base_model(self.model).diffusion_model
        return unet

    @property
    def foreign(self) -> bool:
        """Whether weights take part that are no part of the U-Net: of GLIGEN, of a bypass LoRA."""
        patcher = getattr(self.model.inner_model, "model_patcher", None)
        return bool(getattr(patcher, "injections", None) or self.beside)

    @property
    def beside(self) -> list[torch.nn.Module]:
        """The networks of GLIGEN that the prompts bring along."""
        lists = self.model.inner_model.conds.values()
        entries = (entry for some in lists for entry in some or ())
        return [entry["gligen"][1].model for entry in entries if "gligen" in entry]


def _base_model(model: Any) -> Any:
    """The host's BaseModel: samplers call a masking, that calls a guider, and the guider has it.

    The host hands a sampler nothing else that leads to the model's sigmas or to the U-Net.
    """
    return model.inner_model.inner_model


class Steps:
    """Calls `tell(StepContext)` before the first evaluation of every step of a sampler's function.

    sigmas: the noise levels, the last one included; label: who updates the latent. Its
    `sampler_function` and `watched(callback)` stand in for the sampler's own. ValueError for a
    sampler whose latent cannot be updated.
    """

    def __init__(
        self,
        function: Callable[..., Any] | None,
        sigmas: torch.Tensor,
        tell: Callable[[StepContext], None],
        label: str,
    ) -> None:
        stepping = stepping_of(function)
        if function is None or stepping is None:
            raise _closed(label)
        self.function, self.sigmas, self.tell = function, sigmas, tell
        self.stepping, self.label = stepping, label
        self.reached = -1
        self.latent: torch.Tensor | None = None
        self._tried = 0

    def sampler_function(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        return self.function(_Stepped(model, self), *args, **kwargs)

    def watched(self, callback: Callable[..., Any] | None) -> Callable[..., Any]:
        """The sampler's callback, which also proves that the updated tensor is its own latent."""

        def called(number: int, denoised: Any, x: Any, total: int) -> Any:
            latent = self.latent if self.stepping.shows_latent else None
            if latent is not None and not _same(x, latent):
                raise _closed(self.label)
            self.latent = None
            return None if callback is None else callback(number, denoised, x, total)

        return called

    def before(self, model: Any, x: torch.Tensor, sigma: torch.Tensor, kwargs: Any) -> None:
        """Called before every evaluation: finds out whether a step begins with it."""
        level = float(sigma.flatten()[0])
        number, steps = step_of(level, self.sigmas), len(self.sigmas) - 1
        self._tried += 1
        # towards the end there are fewer noise levels left to try
        wanted = min(self.stepping.evaluations, steps - self.reached)
        due = self.reached < 0 or self._tried >= wanted
        begins = number > self.reached and abs(level / float(self.sigmas[number]) - 1) <= _NEAR
        if not (due and begins):
            return
        self._tried = 0
        self.reached, self.latent = number, x
        self.tell(
            StepContext(number=number, steps=steps, x=x, sigma=sigma, model=model, kwargs=kwargs)
        )


class _Stepped:
    """The model as the sampler calls it; all else of it is the model's own."""

    def __init__(self, model: Any, steps: Steps) -> None:
        self._model, self._steps = model, steps

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        self._steps.before(self._model, x, sigma, kwargs)
        return self._model(x, sigma, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


def _same(x: Any, latent: torch.Tensor) -> bool:
    return x is latent or (torch.is_tensor(x) and torch.equal(x, latent))


def _closed(label: str) -> ValueError:
    return ValueError(
        f"{label} acts between steps, which this sampler does not support. Choose "
        "euler, euler_ancestral, heun, dpmpp_2m, dpmpp_sde, ddim or lms."
    )
