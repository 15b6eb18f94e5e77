"""How the host's samplers go through their steps.

The host tells neither when a sampler's step begins nor whether it goes on with the latent it gave
its model; both are properties of each function, known here by its name and held to by a test that
runs all samplers there are. A sampler that is not listed is taken for an ordinary one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stepping:
    """evaluations: in a step; shows_latent: whether the callback gets the latent itself."""

    evaluations: int = 1
    shows_latent: bool = True


# These may try the next noise level before its own step begins.
_EVALUATIONS = {
    "sample_heun": 2,
    "sample_heunpp2": 3,
    "sample_exp_heun_2_x0": 2,
    "sample_exp_heun_2_x0_sde": 2,
    "sample_dpm_2_ancestral": 2,
    "sample_dpmpp_2s_ancestral": 2,
    "sample_dpmpp_2s_ancestral_cfg_pp": 2,
}
# These show their callback another tensor than their latent.
_UNWATCHED = {"sample_ipndm", "sample_ipndm_v", "sample_deis"}
# These give the model another tensor than the latent they go on with, or have no fixed steps.
_CLOSED = {
    "sample_unipc",
    "sample_unipc_bh2",
    "sample_sa_solver",
    "sample_sa_solver_pece",
    "dpm_fast_function",
    "dpm_adaptive_function",
}


def stepping_of(function: Callable[..., Any] | None) -> Stepping | None:
    """How a sampler's function steps; None where its latent cannot be updated."""
    name = getattr(function, "__name__", "")
    if function is None or name in _CLOSED:
        return None
    return Stepping(_EVALUATIONS.get(name, 1), name not in _UNWATCHED)
