"""World v3: true captions, exact masks, kinds that differ, words that are in one place only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from hrv_pack.demo.latent import to_signed
from hrv_pack.demo.v3.model import latent
from hrv_pack.demo.v3.world import captions, words
from hrv_pack.demo.v3.world import scenes as world

KINDS_AND_SIZES = [(kind, size) for kind in words.KINDS for size in words.SIZES]


def test_equal_seeds_give_equal_pictures() -> None:
    for one, other in zip(world.scenes(4, 3), world.scenes(4, 3), strict=True):
        assert one == other
        assert (world.render(one) == world.render(other)).all()


@pytest.mark.parametrize("material", words.MATERIALS)
def test_outside_of_its_mask_a_thing_changes_nothing(material: str) -> None:
    for kind in words.KINDS:
        thing = world.Object(kind, "red", "dotted", material)
        scene = world.Scene((thing,), "sunny")
        changed = (world.render(scene) != world.render(replace(scene, objects=()))).any(-1)
        mask = world.object_mask(scene)
        assert not (changed & (mask == 0)).any()
        assert (changed & (mask > 0)).sum() > 0.8 * (mask > 0.5).sum()


@pytest.mark.parametrize(("kind", "size"), KINDS_AND_SIZES)
def test_sizes_cover_what_they_promise(kind: str, size: str) -> None:
    share = world.mask_of(world.Object(kind, "red", size=size)).mean()
    low, high = {"large": (0.14, 0.4), "small": (0.06, 0.1)}[size]
    assert low < share < high


def test_kinds_have_different_masks() -> None:
    masks = [world.mask_of(world.Object(kind, "red")) for kind in words.KINDS]
    for i, one in enumerate(masks):
        for other in masks[:i]:
            assert np.minimum(one, other).sum() / np.maximum(one, other).sum() < 0.87


def test_scenes_stand_on_the_grid_inside_the_picture_and_apart() -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        scene = world.random_scene(rng, 2)
        first, second = scene.objects
        assert first.centre[0] < second.centre[0]
        assert set(words.WORDS_OF[first.kind]).isdisjoint(words.WORDS_OF[second.kind])
        masks = [world.mask_of(thing) for thing in scene.objects]
        assert (masks[0] * masks[1]).sum() <= world.OVERLAP * min(m.sum() for m in masks)
        for thing, mask in zip(scene.objects, masks, strict=True):
            assert all(c % world.GRID == 0 for c in thing.centre)
            still = world.mask_of(replace(thing, centre=(32, 32)))
            assert mask.sum() == pytest.approx(still.sum())
            assert np.roll(mask, 1, 1)[:, 0].sum() == 0 or mask[:, -1].sum() > 0


def test_captions_without_hints_are_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "HINT_SHARE", 0.0)
    rng = np.random.default_rng(2)
    allowed = {
        (look, value): set(names) for look, of in words.LOOKS.items() for value, names in of.items()
    }
    of_look = {look: {w for n in of.values() for w in n} for look, of in words.LOOKS.items()}
    for _ in range(200):
        scene = world.random_scene(rng, 1)
        said = set(captions.caption(scene, rng).split())
        for look, names in of_look.items():
            value = getattr(scene if hasattr(scene, look) else scene.objects[0], look)
            assert said & names <= allowed[look, value]


def test_bare_words_mean_either_half_of_the_time() -> None:
    weights = dict(zip(words.KINDS, world.kind_weights(), strict=True))
    for kinds in words.MEANINGS.values():
        shares = []
        for kind in kinds:
            count = len(words.WORDS_OF[kind])
            clear = 1 / (1 + world.WORD_WEIGHT * count)
            shares.append(weights[kind] * (1 - clear) / count)
        assert shares[0] == pytest.approx(shares[1])


def test_hints_tell_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    scene = world.Scene((world.Object("bee", "red"),), "sunny")
    said = [captions.caption(scene, rng) for _ in range(6000)]
    for share, groups in words.HINTS.values():
        ends = {group: text.format("").strip() for group, text in groups.items()}
        drone = [c for c in said if " drone" in c and any(e in c for e in ends.values())]
        assert sum(ends["Animals"] in c for c in drone) / len(drone) == pytest.approx(
            share, abs=0.15
        )


def test_meanings_come_from_different_groups() -> None:
    assert len(words.MEANINGS) >= 12
    for kinds in words.MEANINGS.values():
        assert len({words.GROUP_OF[kind] for kind in kinds}) == 2


def test_concepts_have_ten_words_and_no_word_of_two_meanings() -> None:
    every = [word for names in words.CONCEPTS.values() for word in names]
    assert all(len(names) >= 10 for names in words.CONCEPTS.values())
    assert len(every) == len(set(every))
    assert set(every).isdisjoint(words.MEANINGS)
    for concept, held_out in words.HELD_OUT.items():
        assert len(held_out) == 3
        assert set(held_out).isdisjoint(every), concept


def test_the_latent_space_loses_nothing() -> None:
    pictures = to_signed(np.stack([world.render(scene) for scene in world.scenes(60, 4)]))
    space = latent.fit(pictures)
    assert space.encode(pictures).shape == (60, 48, 16, 16)
    torch.testing.assert_close(space.decode(space.encode(pictures)), pictures, atol=1e-4, rtol=0)
