"""Ranges of P2P-HRV Edit: shares of the steps of this sampling, whatever the sampler."""

from __future__ import annotations

import pytest
from literal_p2p import (
    SOURCE,
    TARGET,
    Tap,
    attention_map,
    edit,
    latents,
    merge,
    prompt,
    relevance,
    sample,
    share,
)

import nodes as host_nodes

STRUCTURES = ["sd1"]
pytestmark = pytest.mark.usefixtures("host", "inference")


# Evaluations of the first two of four steps: dpm_2 has one more inside each step; heun's second
# and dpmpp_2s_ancestral's lie at the next step's noise level and belong to that.
@pytest.mark.parametrize(
    ("sampler", "inside"), [("euler", 2), ("dpm_2", 4), ("heun", 3), ("dpmpp_2s_ancestral", 3)]
)
@pytest.mark.parametrize("denoise", [1.0, 0.5])
def test_ranges_count_steps_whatever_the_sampler(models, clip, sampler, inside, denoise):
    model, negative = models["sd1"], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    for fraction in (1.0, 0.5):
        made = edit(model, *pair, latents(), cross_replace=fraction, self_replace=share(0.0))
        with Tap(model) as tap:
            sample(*made[:2], negative, made[2], sampler, denoise, steps=4)
        found = [edited(*call) for call in tap.calls("cross", tap.layers[0])]
        count = len(found) if fraction == 1.0 else inside
        assert found == [True] * count + [False] * (len(found) - count)


@pytest.mark.parametrize(("start", "end"), [(0, 3), (2, 10), (2, 6)])
def test_ranges_count_the_steps_that_are_sampled(models, clip, start, end):
    model, negative = models["sd1"], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    made = edit(model, *pair, latents(), cross_replace=0.5, self_replace=share(0.0))
    chosen = ("enable", 3, 6, 5.0, "euler", "normal", made[1], negative, made[2])
    with Tap(model) as tap:
        host_nodes.KSamplerAdvanced().sample(made[0], *chosen, start, end, "disable")
    found = [edited(*call) for call in tap.calls("cross", tap.layers[0])]
    steps = min(end, 6) - start
    assert found == [True] * (steps // 2) + [False] * (steps - steps // 2)


@pytest.mark.parametrize(("with_hrv", "steps"), [(True, 9), (False, 4)])
def test_auto_keeps_shapes_for_the_published_shares(models, clip, with_hrv, steps):
    """0.9 of the steps with an HRV, 0.4 without."""
    model, negative = models["sd1"], prompt(clip, "bad")
    inputs = {"self_replace": {"self_replace": "auto"}, "cross_replace": 0.0}
    if with_hrv:
        inputs["hrv"] = relevance(model)
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    made = edit(model, *pair, latents(), **inputs)
    with Tap(model) as tap:
        sample(*made[:2], negative, made[2], steps=10)
    small = next(x for x in tap.layers if next(tap.calls("self", x))[0].shape[2] <= 16)
    found = [edited(*call) for call in tap.calls("self", small)]
    assert found == [True] * steps + [False] * (10 - steps)


def edited(q, k, v, out):
    own = merge(attention_map(q[3], k[3]), v[3])
    return bool((out[3] - own).norm() > 1e-4 * own.norm())
