"""What the published codes do where the pack does something else, written out in float64: how far
the two differ, and where they cannot. docs/parity.md says why."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from hrv_pack.hrv.excite.settings import ExciteSettings, StepSizes
from hrv_pack.hrv.head_choice import head_order
from hrv_pack.hrv.p2p import blend_mask

THRESHOLDS = {0: 0.05, 10: 0.5, 20: 0.8}
"""Of 50 steps, as published."""


def published_step(step: int, steps: int) -> tuple[float | None, float | None]:
    """(eta of the update, attention that is refined to) of Attend-and-Excite's code, in whole
    numbers so that no rounding decides; None: no update, no refinement."""
    last = steps // 2  # max_iter_to_alter, 25 of 50
    scaled = {at * steps // 50: reached for at, reached in THRESHOLDS.items()}
    eta = 20 * (1 - 0.5 * step / (steps - 1 or 1)) ** 0.5
    return (eta if step < last else None), scaled.get(step)


@pytest.mark.parametrize("steps", range(1, 121))
def test_updates_and_refinements_are_the_published_ones_but_at_1_3_or_5_steps(steps):
    settings, differing = ExciteSettings(share=0.5, step_sizes=StepSizes()), set()
    for step in range(steps):
        eta, reached = published_step(step, steps)
        plan = settings.at(step, steps)
        if plan is None:
            assert eta is None
            if reached is not None:
                differing.add(step)  # it refines a latent that it no longer updates
        else:
            assert plan.eta == pytest.approx(eta, rel=1e-12)
            assert 1 - plan.target == pytest.approx(reached or 0.0)
    assert differing == {1: {0}, 3: {1}, 5: {2}}.get(steps, set())


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_heads_is_numpys_but_among_equal_entries(seed):
    """The code: np.argsort(vector)[::-1], which leaves the order of equal entries open."""
    votes = np.random.default_rng(seed).integers(0, 30, 128)  # many ties
    vector = torch.from_numpy(votes / votes.sum() * 128)
    ours = head_order(vector, "MoRHF").numpy()
    theirs = np.argsort(vector.numpy())[::-1]
    assert (votes[ours] == votes[theirs]).all()
    ranked = votes[ours]
    whole = [k for k in range(1, 128) if ranked[k - 1] != ranked[k]]  # no tie is cut in two
    assert len(whole) > 10
    assert all(set(ours[:k]) == set(theirs[:k]) for k in whole)


def denoised(x, member):
    """Two denoisers that look at neighbours, one of each prompt."""
    near = (x.roll(1, -1) + x.roll(-1, -2)) / 2
    return torch.tanh((0.7 if member else 0.4) * x + 0.3 * near + 0.2 * member)


def sampled(maps, sigmas, blend):
    """(source, target) latents of Euler steps. blend: after the step, as published, or before."""
    x = torch.randn(1, 1, 1, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = (x * sigmas[0]).repeat(2, 1, 1, 1, 1)  # both prompts start from the same noise
    for step, (sigma, after) in enumerate(pairwise(sigmas)):
        found = torch.stack([denoised(x[member], member) for member in (0, 1)])
        summed = maps[: step + 1].sum(dim=0)
        mask = blend_mask(summed, (8, 8), 0.5)
        if blend == "before":
            found = the_packs(summed, found)
        x = found + after / sigma * (x - found)
        if blend == "after":
            x[1] = torch.where(mask, x[1], x[0])
    return x, mask


def the_packs(maps, found):
    """The denoised latents as the hook gives them back, source and target in turn."""
    from hrv_pack.nodes.host.hooks import Run
    from hrv_pack.nodes.p2p.local_blend import LocalBlend, Words

    hook, run = LocalBlend(None, Words((), ()), 0.5, 4, "test"), Run()
    run.state(hook).maps = maps
    turns = found.transpose(0, 1).flatten(0, 1)
    return hook.after_guidance(run, turns).unflatten(0, (-1, 2)).transpose(0, 1)


needs_host = pytest.mark.usefixtures("host")
SIGMAS = (14.6, 9.0, 5.0, 2.4, 1.0, 0.3, 0.0)


@needs_host
def test_the_local_blend_keeps_the_source_outside_the_last_mask_as_the_published_one_does():
    """The code blends the latent after each step, the pack the denoised latent before it: a pixel
    that has left the mask is given back by the code at once, by the pack with the noise."""
    generator, differing = torch.Generator().manual_seed(0), 0
    for _ in range(5):
        maps = torch.rand(6, 2, 1, 8, 8, generator=generator) ** 60
        (ours, mask), (theirs, same) = (sampled(maps, SIGMAS, b) for b in ("before", "after"))
        assert torch.equal(mask, same) and 0 < int(mask.sum()) < mask.numel()
        for source, target in (ours, theirs):
            assert torch.equal(target[~mask], source[~mask])
        assert torch.equal(ours[0], theirs[0])
        differing += not torch.equal(ours[1], theirs[1])
    assert differing, "no mask has lost a pixel on the way, so nothing was tried"


@needs_host
def test_with_one_mask_for_all_steps_both_local_blends_are_equal():
    maps = torch.zeros(6, 2, 1, 8, 8)
    maps[:, :, :, 2, 3] = 1.0
    (ours, _), (theirs, _) = (sampled(maps, SIGMAS, b) for b in ("before", "after"))
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-14)
    assert not torch.allclose(ours[0], ours[1], rtol=0, atol=1e-3)
