"""Laws of P2P-HRV Edit on real host classes: every layer and step against float64, and pairs."""

from __future__ import annotations

import pytest
import torch
from literal_p2p import (
    SOURCE,
    TARGET,
    Tap,
    check_every_layer,
    edit,
    latents,
    one_to_one,
    ones,
    prompt,
    relevance,
    sample,
    share,
)

from hrv_pack.nodes.prompts.tag import prompts_of

LONGER = "a periwinkle cat on a mat"  # one word in more tokens than "red"
STRUCTURES = ["sd1", "sdxl"]
each_structure = pytest.mark.parametrize("structure", STRUCTURES)
pytestmark = pytest.mark.usefixtures("host", "inference")


def watched(model, made, negative):
    """What the layers did while the edited pairs were sampled."""
    with Tap(model) as tap:
        sample(*made[:2], negative, made[2])
    return tap


def rows_of(hrv, concept="Color"):
    row = hrv.row(concept).double()
    return lambda layer: row[hrv.heads.span(layer.stage, layer.layer)]


# The host runs the negative's rows first: of two pairs the rows are (4, 5) and (6, 7).
@each_structure
def test_equation_7_in_every_layer_and_step(models, clip, structure):
    model = models[structure]
    made = edit(model, prompt(clip, SOURCE), prompt(clip, TARGET), latents(2))
    tap = watched(model, made, prompt(clip, "bad"))
    check_every_layer(tap, [(4, 5), (6, 7)], one_to_one(), (), ones)


@each_structure
def test_equation_8_strengthens_every_differing_token(models, clip, structure):
    model, hrv = models[structure], relevance(models[structure])
    target = prompt(clip, "a blue cat on a rug")
    made = edit(model, prompt(clip, SOURCE), target, latents(2), hrv=hrv)
    tap = watched(model, made, prompt(clip, "bad"))
    check_every_layer(tap, [(4, 5), (6, 7)], one_to_one(), (2, 6), rows_of(hrv))


@each_structure
def test_the_published_code_strengthens_the_named_word_wherever_it_stands(models, clip, structure):
    model, hrv = models[structure], relevance(models[structure])
    target = prompt(clip, "a blue cat on a blue mat")
    source = prompt(clip, "a red cat on a green mat")
    inputs = {"words": "blue", "mapper": "original", "hrv": hrv}
    made = edit(model, source, target, latents(), **inputs)
    tap = watched(model, made, prompt(clip, "bad"))
    check_every_layer(tap, [(2, 3)], one_to_one(), (2, 6), rows_of(hrv))
    # a differing word that is not named takes over the source's map
    other = prompt(clip, "a blue dog on a green mat")
    made = edit(model, source, other, latents(), **inputs)
    tap = watched(model, made, prompt(clip, "bad"))
    check_every_layer(tap, [(2, 3)], one_to_one(), (2,), rows_of(hrv))


@each_structure
def test_each_range_ends_on_its_own(models, clip, structure):
    """With self-replace the longer one, as published, and on images that are not square."""
    model, hrv = models[structure], relevance(models[structure])
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    inputs = {"cross_replace": 0.4, "self_replace": share(0.8), "hrv": hrv}
    made = edit(model, *pair, latents(2, 6, 10), **inputs)
    tap = watched(model, made, prompt(clip, "bad"))
    sizes = {"cross": 2, "replaced": 4, "limit": 3 * 5}
    check_every_layer(tap, [(4, 5), (6, 7)], one_to_one(), (2,), rows_of(hrv), **sizes)


def periwinkle_pairs(parts):
    """ "red" at 2 becomes `parts` tokens; the text after it, its end and the padding follow."""
    shift = parts - 1
    pairs = {j: [(j, 1.0)] for j in (0, 1)}
    pairs |= {j: [(2, 1 / parts)] for j in range(2, 2 + parts)}
    pairs |= {i + shift: [(i, 1.0)] for i in range(3, 8)}  # cat on a mat <end>
    end = 7 + shift
    pairs[end] = pairs[end] + [(i, 1.0) for i in range(8, end + 1)]
    pairs |= {j: [(j, 1.0)] for j in range(end + 1, 77)}
    return pairs


@each_structure
def test_words_of_unequal_token_counts_share_their_maps(models, clip, structure):
    model, target = models[structure], prompt(clip, LONGER)
    pairs = periwinkle_pairs(len(prompts_of(target)[0].find("periwinkle")))
    made = edit(model, prompt(clip, SOURCE), target, latents(2))
    tap = watched(model, made, prompt(clip, "bad"))
    check_every_layer(tap, [(4, 5), (6, 7)], pairs, (), ones)


@each_structure
def test_refine_keeps_the_own_map_of_new_words(models, clip, structure):
    model = models[structure]
    target = prompt(clip, "a red fluffy cat on a mat")
    made = edit(model, prompt(clip, SOURCE), target, latents(), mode="refine")
    new = prompts_of(target)[0].find("fluffy")
    old = [j for j in range(77) if j not in new]
    pairs = {j: [(i, 1.0)] for i, j in zip(range(77), old, strict=False)}
    end = 7 + len(new)
    pairs = {j: pairs[j] for j in old if j <= end} | {j: [(j, 1.0)] for j in range(end + 1, 77)}
    with Tap(model) as tap:
        sample(made[0], made[1], prompt(clip, "bad"), made[2])
    check_every_layer(tap, [(2, 3)], pairs, new, ones)


def test_reweight_scales_the_source_map(models, clip):
    model = models["sdxl"]
    both = prompt(clip, SOURCE)
    inputs = {"mode": "reweight", "words": "red", "weight": -2.0}
    made = edit(model, both, prompt(clip, SOURCE), latents(), **inputs)
    pairs = one_to_one() | {2: [(2, -2.0)]}
    with Tap(model) as tap:
        sample(made[0], made[1], prompt(clip, "bad"), made[2])
    check_every_layer(tap, [(2, 3)], pairs, (), lambda layer: None)


@each_structure
def test_long_prompts_of_unequal_length_are_edited_exactly(models, clip, structure):
    model = models[structure]
    long = SOURCE + " and" * 80
    made = edit(model, prompt(clip, SOURCE), prompt(clip, long), latents(), mode="refine")
    assert made[1][0][0].shape[1] == 154
    position = prompts_of(prompt(clip, long))[0].find("and")
    # the host repeats the source, so both copies count; the target's second chunk is all its own
    pairs = {j: [(j, 1.0), (j + 77, 1.0)] for j in range(7)}
    pairs[76] = [(7, 1.0), (84, 1.0)]  # the end token
    own = {*position, *range(77, 154)}
    with Tap(model) as tap:
        sample(made[0], made[1], prompt(clip, "bad"), made[2])
    check_every_layer(tap, [(2, 3)], pairs, own, ones)


@each_structure
def test_a_longer_negative_repeats_the_pair_and_its_edit(models, clip, structure):
    model, hrv = models[structure], relevance(models[structure])
    made = edit(model, prompt(clip, SOURCE), prompt(clip, TARGET), latents(), hrv=hrv)
    tap = watched(model, made, prompt(clip, "bad " * 100))
    check_every_layer(tap, [(2, 3)], one_to_one(154), (2, 79), rows_of(hrv))


@each_structure
@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "heun"])
def test_source_is_bit_identical_to_its_prompt_alone(models, clip, structure, sampler):
    model, source, negative = models[structure], prompt(clip, SOURCE), prompt(clip, "bad")
    made = edit(model, source, prompt(clip, TARGET), latents(2, 6, 10), hrv=relevance(model))
    edited = sample(made[0], made[1], negative, made[2], sampler)
    alone = sample(model, source, negative, made[2], sampler)
    assert torch.equal(edited[0::2], alone[0::2])
    assert (edited[1::2] - alone[1::2]).abs().max() > 1e-2 * alone.abs().max()


@each_structure
def test_neutral_settings_give_the_plain_target(models, clip, structure):
    model, negative = models[structure], prompt(clip, "bad")
    zero = {
        "cross_replace": 0.0,
        "self_replace": share(0.0),
        "strength": 0.0,
        "hrv": relevance(model),
    }
    made = edit(model, prompt(clip, SOURCE), prompt(clip, TARGET), latents(2), **zero)
    edited = sample(made[0], made[1], negative, made[2])
    alone = sample(model, prompt(clip, TARGET), negative, made[2])
    assert torch.equal(edited[1::2], alone[1::2])


def test_pairs_start_from_one_noise_and_seeds_differ(models, clip):
    model, negative = models["sd1"], prompt(clip, "bad")
    same = {"mode": "reweight", "words": "cat", "weight": 1.0}
    made = edit(model, prompt(clip, SOURCE), prompt(clip, SOURCE), latents(3), **same)
    found = sample(*made[:2], negative, made[2])
    scale = found.abs().max()
    assert (found[0::2] - found[1::2]).abs().max() < 1e-4 * scale
    assert (found[0] - found[2]).abs().max() > 1e-2 * scale
