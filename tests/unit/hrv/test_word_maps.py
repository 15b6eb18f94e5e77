"""Laws of word maps, against literal float64 transcriptions of the papers' equations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from head_tables import SD1, SD1_HALVINGS

from hrv_pack.hrv.head_choice import named_heads
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.maps import HeadMaps, LayerMaps
from hrv_pack.hrv.word_maps import (
    atlas,
    daam_heads,
    daam_map,
    iou,
    normalise,
    segment,
    selective_map,
    times_average,
    upsample,
)


def halved(size, times):
    for _ in range(times):
        size = tuple(math.ceil(n / 2) for n in size)
    return size


def bicubic(map_, size):
    """Keys' cubic convolution with a = -0.75 and edges repeated, (h, w) float64."""

    def weights(x):
        x, a = abs(x), -0.75
        if x <= 1:
            return ((a + 2) * x - (a + 3)) * x * x + 1
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0

    def matrix(old, new):
        m = np.zeros((new, old))
        for i in range(new):
            centre = (i + 0.5) * old / new - 0.5
            for tap in range(math.floor(centre) - 1, math.floor(centre) + 3):
                m[i, min(max(tap, 0), old - 1)] += weights(centre - tap)
        return m

    return matrix(map_.shape[0], size[0]) @ map_ @ matrix(map_.shape[1], size[1]).T


def filled(latent=(16, 12), images=2, tokens=3, evaluations=4, seed=0):
    """HeadMaps of an SD1.x model, and every map that went in: {layer: [(I, 8, h, w, T)]}."""
    generator = torch.Generator().manual_seed(seed)
    maps, raw = HeadMaps(SD1, tokens, latent), {}
    for (stage, layer, heads), times in zip(SD1.layers, SD1_HALVINGS, strict=True):
        h, w = halved(latent, times)
        steps = [
            torch.rand((images, heads, h * w, tokens), generator=generator) ** 6
            for _ in range(evaluations)
        ]
        for step in steps:
            assert maps.add(stage, layer, step, 0)
        raw[stage, layer] = [s.double().numpy().reshape(images, heads, h, w, tokens) for s in steps]
    return maps, raw


def literal_selective(raw, chosen, columns, image, size):
    """Equation 4 word for word: upsample every head, evaluation and token, then average."""
    total, count = np.zeros(size), 0
    for stage, layer in raw:
        for head in range(8):
            if not chosen[SD1.index(f"{stage}, layer: {layer}, head: {head}")]:
                continue
            for step in raw[stage, layer]:
                for column in columns:
                    total += bicubic(step[image, head, :, :, column], size)
                    count += 1
    return total / count


def literal_daam(raw, chosen, columns, image, finest, size, clamp):
    """DAAM's code word for word: sum evaluations, upsample each head, clamp, mean over heads."""
    tokens = []
    for column in columns:
        heads = []
        for stage, layer in raw:
            for head in range(8):
                if chosen[SD1.index(f"{stage}, layer: {layer}, head: {head}")]:
                    summed = sum(step[image, head, :, :, column] for step in raw[stage, layer])
                    grown = bicubic(summed / len(raw[stage, layer]), finest)
                    heads.append(np.clip(grown, 0, None) if clamp else grown)
        tokens.append(np.mean(heads, axis=0))
    return bicubic(np.mean(tokens, axis=0), size)


@pytest.mark.parametrize("latent", [(16, 12), (13, 9)])
def test_selective_map_is_equation_4(latent):
    maps, raw = filled(latent)
    for chosen in (torch.ones(128, dtype=torch.bool), named_heads("u3-5.2, m, d0.*", SD1)):
        found = selective_map(maps.means([0, 2]), SD1, chosen, (32, 24))
        for image in range(2):
            wanted = literal_selective(raw, chosen, [0, 2], image, (32, 24))
            np.testing.assert_allclose(found[image].numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("latent", [(16, 12), (13, 9), (16, 2)])
@pytest.mark.parametrize("heads", ["u3-5.2, m, d0.*", "d, m, u"])
def test_the_atlas_holds_each_words_selective_map(latent, heads):
    """Also where a word has several tokens, or shares one with another word."""
    maps, _ = filled(latent)
    words, chosen = [(0,), (2, 1), (2,)], named_heads(heads, SD1)
    for image in range(2):
        found = atlas(maps, words, chosen, image, (32, 24))
        for i, word in enumerate(words):
            wanted = selective_map(maps.means(word), SD1, chosen, (32, 24))[image]
            torch.testing.assert_close(found[i], wanted)


def test_an_atlas_counts_each_tokens_own_evaluations():
    """A token that was evaluated more often weighs no more."""
    maps, _ = filled((8, 8))
    before = atlas(maps, [(0,), (1,)], torch.ones(128, dtype=torch.bool), 0, (8, 8))
    for layer in maps.means([1]):
        mean = layer.maps[:, :, 0].flatten(-2)[..., None]
        assert maps.add(layer.stage, layer.layer, mean, 1)
    after = atlas(maps, [(0,), (1,)], torch.ones(128, dtype=torch.bool), 0, (8, 8))
    torch.testing.assert_close(before, after)


def test_an_atlas_of_uncaptured_heads_is_an_error():
    maps = HeadMaps(SD1, 1, (4, 4))
    maps.add("up", 0, torch.rand(1, 8, 16, 1), 0)
    with pytest.raises(ValueError, match="None of the chosen heads"):
        atlas(maps, [(0,)], named_heads("d", SD1), 0, (8, 8))


def test_a_place_counts_a_words_attention_in_averages_of_that_word():
    maps = torch.tensor([[[1.0, 3.0], [0.0, 4.0]], [[0.3, 0.1], [0.2, -0.1]], [[0.0, 0.0]] * 2])
    found = times_average(maps)
    torch.testing.assert_close(found[0], torch.tensor([[0.5, 1.5], [0.0, 2.0]]))
    torch.testing.assert_close(found[1], torch.tensor([[2.0, 2 / 3], [4 / 3, 0.0]]))
    assert torch.equal(found[2], torch.zeros(2, 2))  # a word that nothing attends to
    torch.testing.assert_close(times_average(7 * maps), found)


def test_daam_leaves_out_the_middle_whatever_its_size():
    """As large as other layers in SDXL."""
    heads = HeadTable((("down", 0, 2), ("mid", 0, 2), ("up", 0, 1)))
    word = [LayerMaps(s, n, torch.rand(1, h, 1, 8, 8)) for s, n, h in heads.layers]
    assert daam_heads(word, heads, (16, 16)).tolist() == [True, True, False, False, True]


def test_daam_map_is_daams_code_clamp_included():
    maps, raw = filled((16, 16))
    word = maps.means([1, 2])
    chosen = daam_heads(word, SD1, maps.latent)
    assert int(chosen.sum()) == 120
    found = daam_map(word, SD1, chosen, (64, 64))
    wanted = literal_daam(raw, chosen, [1, 2], 1, (16, 16), (64, 64), clamp=True)
    np.testing.assert_allclose(found[1].numpy(), wanted, atol=1e-5)


def test_without_daams_clamp_the_order_of_sums_does_not_matter():
    """Linearity is exact; only the clamp at 0 parts them, where bicubic curves undershoot."""
    maps, raw = filled((16, 16))
    word = maps.means([1])
    every = torch.ones(128, dtype=torch.bool)
    summed_first = selective_map(word, SD1, every, (16, 16))[0].numpy()
    free = literal_daam(raw, every, [1], 0, (16, 16), (16, 16), clamp=False)
    clamped = literal_daam(raw, every, [1], 0, (16, 16), (16, 16), clamp=True)
    np.testing.assert_allclose(summed_first, free, atol=1e-5)
    assert (clamped >= free - 1e-12).all()
    assert 1e-5 < (clamped - free).max() < 0.1


def test_upsampling_is_torchs_bicubic_and_linear():
    a, b = torch.rand(2, 3, 5, 4), torch.rand(2, 3, 5, 4)
    found = upsample(a, (20, 12))
    np.testing.assert_allclose(found[1, 2], bicubic(a[1, 2].double().numpy(), (20, 12)), atol=1e-6)
    torch.testing.assert_close(
        upsample(a + 2 * b, (9, 9)), upsample(a, (9, 9)) + 2 * upsample(b, (9, 9))
    )


def test_daams_heads_leave_out_the_middle_and_an_eighth():
    maps, _ = filled((64, 64), images=1, tokens=1, evaluations=1)
    chosen = daam_heads(maps.means([0]), SD1, (64, 64))
    assert [bool(x) for x in chosen[48:56]] == [False] * 8 and int(chosen.sum()) == 120
    deep = HeadTable((("down", 0, 2), ("down", 1, 2), ("mid", 0, 2), ("up", 0, 2)))
    maps = HeadMaps(deep, 1, (24, 40))
    for (stage, layer, heads), times in zip(deep.layers, (1, 3, 3, 3), strict=True):
        h, w = halved((24, 40), times)
        maps.add(stage, layer, torch.ones(1, heads, h * w, 1), 0)
    assert daam_heads(maps.means([0]), deep, (24, 40)).tolist() == [True] * 2 + [False] * 6


@pytest.mark.parametrize("chosen", ["all", "DAAM"])
def test_one_heads_map_changes_only_choices_with_it(chosen):
    maps, _ = filled((8, 8))
    word = maps.means([0])
    heads = torch.ones(128, dtype=torch.bool) if chosen == "all" else daam_heads(word, SD1, (8, 8))
    heads[SD1.index("up, layer: 2, head: 5")] = False
    before = selective_map(word, SD1, heads, (8, 8))
    for layer in word:
        if (layer.stage, layer.layer) == ("up", 2):
            layer.maps[:, 5] = 7.0
    assert torch.equal(before, selective_map(word, SD1, heads, (8, 8)))


def test_a_choice_of_uncaptured_heads_is_an_error():
    maps = HeadMaps(SD1, 1, (4, 4))
    maps.add("up", 0, torch.rand(1, 8, 16, 1), 0)
    with pytest.raises(ValueError, match="None of the chosen heads"):
        selective_map(maps.means([0]), SD1, named_heads("d", SD1), (8, 8))


def test_normalisation_and_strict_threshold():
    raw = torch.tensor([[[1.0, 2.0], [3.0, 5.0]], [[0.0, 4.0], [2.0, 8.0]]])
    assert normalise(raw, "min-max")[0].tolist() == [[0, 0.25], [0.5, 1]]
    torch.testing.assert_close(normalise(raw, "relative to the maximum")[0], raw[0] / 5)
    assert segment(normalise(raw, "min-max"), 0.25).tolist()[1] == [[False, True], [False, True]]
    assert normalise(torch.ones(1, 2, 2), "min-max").sum() == 0
    with pytest.raises(ValueError, match="never attended"):
        normalise(torch.zeros(1, 2, 2), "min-max")


def test_iou():
    a = torch.tensor([[[1, 1], [0, 0]], [[0, 0], [0, 0]], [[1, 0], [0, 0]]]).bool()
    b = torch.tensor([[[1, 0], [1, 0]], [[0, 0], [0, 0]], [[0, 1], [0, 0]]]).bool()
    torch.testing.assert_close(iou(a, b), torch.tensor([1 / 3, 1.0, 0.0]))


SDXL = HeadTable(
    tuple(("down", n, 10 if n < 4 else 20) for n in range(24))
    + tuple(("mid", n, 20) for n in range(10))
    + tuple(("up", n, 20 if n < 30 else 10) for n in range(36))
)
