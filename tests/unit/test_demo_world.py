"""Laws of the demo world and of its judge."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from hrv_pack.demo import captions, concepts, latent, sprites, world
from hrv_pack.demo.judge import load_judge

JUDGE = Path(__file__).parents[2] / "pretrained" / "demo_judge.safetensors"
SCENES = list(world.scenes(400, 123))


def backdrop(scene: world.Scene) -> world.Scene:
    return replace(scene, objects=())


def box(mask: np.ndarray) -> tuple[int, int]:
    """Width and height of what the mask covers; a part over the rim would make it 64."""
    return int(np.ptp(np.nonzero(mask.any(0))[0])), int(np.ptp(np.nonzero(mask.any(1))[0]))


def test_same_seed_same_scenes_and_pictures() -> None:
    again = list(world.scenes(400, 123))
    assert again == SCENES
    sprites.sprite.cache_clear()
    pictures = [world.render(scene) for scene in SCENES[:20]]
    sprites.sprite.cache_clear()
    assert all((world.render(s) == p).all() for s, p in zip(again, pictures, strict=False))


def test_different_seeds_differ() -> None:
    assert list(world.scenes(400, 124)) != SCENES


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    assert list(world.scenes(10, 123)) == SCENES[:10]


def test_mask_covers_exactly_what_the_object_changes() -> None:
    for scene in SCENES[:60]:
        drawn, mask = world.render(scene), world.object_mask(scene)
        changed = (drawn != world.render(backdrop(scene))).any(-1)
        assert not changed[mask == 0].any()
        # Fully covered pixels show the object alone: nothing of the weather shines through.
        elsewhere = replace(scene, weather="rainy" if scene.weather != "rainy" else "sunny")
        solid = mask > 0.999
        assert solid.sum() > 100
        difference = drawn[solid].astype(int) - world.render(elsewhere)[solid]
        assert np.abs(difference).max() <= 90, scene
        assert (np.abs(difference).max(-1) <= 1).mean() > 0.95, scene


@pytest.mark.parametrize("kind", world.OBJECTS)
@pytest.mark.parametrize("scale", world.SCALES)
def test_objects_stay_whole_when_shifted(kind: str, scale: float) -> None:
    whole = box(sprites.sprite(kind, scale).mask)
    for x, y in ((-1, -1), (1, 1), (-1, 1), (1, -1)):
        thing = world.Object(kind, "red", "plain", (x * world.JITTER, y * world.JITTER), scale)
        assert box(world.object_mask(world.Scene((thing,), "sunny"))) == whole


@pytest.mark.parametrize("scale", [0.9, 1.1])
def test_silhouettes_differ_clearly(scale: float) -> None:
    for one, other in combinations(world.OBJECTS, 2):
        a, b = (sprites.sprite(kind, scale).mask > 0.5 for kind in (one, other))
        overlap = (a & b).sum() / (a | b).sum()
        assert overlap < 0.8, (one, other)


def test_colours_are_far_apart_and_far_from_the_backdrops() -> None:
    palette = [np.array(colour, float) for colour in world.COLOURS.values()]
    backdrops = [np.array(c, float) for c in (*world.SKY.values(), *world.GROUND.values())]
    assert min(np.linalg.norm(a - b) for a, b in combinations(palette, 2)) > 80
    assert min(np.linalg.norm(a - b) for a in palette for b in backdrops) > 60


def test_patterns_add_white_and_plain_adds_none() -> None:
    shares = {pattern: world.pattern_cover(pattern).mean() for pattern in world.PATTERNS}
    assert shares["plain"] == 0
    assert 0.15 < shares["dotted"] < 0.5
    assert 0.15 < shares["striped"] < 0.5


def test_captions_say_nothing_false() -> None:
    for scene in SCENES[:200]:
        thing = scene.objects[0]
        true = {thing.colour, thing.pattern, scene.weather, "a", "an", "on", "in", "the", "day"}
        true |= set(captions.object_words(thing.kind).split())
        true |= {w for words in captions.WEATHER_WORDS[scene.weather] for w in words.split()}
        rng = np.random.default_rng(scene.seed)
        for _ in range(20):
            assert set(captions.caption(scene, rng).split()) <= true


def test_half_of_the_mouse_captions_leave_open_which_mouse() -> None:
    rng = np.random.default_rng(0)
    for kind in world.MICE:
        scene = world.Scene((world.Object(kind, "blue", "dotted"),), "snowy")
        texts = [captions.caption(scene, rng) for _ in range(2000)]
        named = [set(text.split()) for text in texts if "mouse" in text.split()]
        bare = sum(not words & {"animal", "computer"} for words in named) / len(named)
        assert 0.45 < bare < 0.55


def test_articles() -> None:
    assert captions.phrase("apple") == "an apple"
    assert captions.phrase("apple", "red", "", "in the rain") == "a red apple in the rain"


def test_unknown_object_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"dog.*cat"):
        world.group_of("dog")


def test_concept_lists_are_disjoint_and_leave_out_the_word_with_two_meanings() -> None:
    words = [word for group in concepts.CONCEPTS.values() for word in group]
    assert len(words) == len(set(words))
    assert not any("mouse" in word for word in words)


def test_prompts_hold_every_object_equally_often() -> None:
    found = concepts.prompts(3 * len(world.OBJECTS), 5)
    assert found == concepts.prompts(3 * len(world.OBJECTS), 5)
    for kind in world.OBJECTS:
        words = captions.object_words(kind)
        assert sum(f" {words} " in prompt for prompt in found) == 3


def pictures_of(scenes: list[world.Scene]) -> torch.Tensor:
    return torch.from_numpy(np.stack([world.render(scene) for scene in scenes]))


def test_latent_is_orthonormal_up_to_scale_and_of_unit_size() -> None:
    pictures = latent.to_signed(pictures_of(SCENES))
    space = latent.fit(pictures)
    basis = space.basis.flatten(1).double()
    torch.testing.assert_close(
        basis @ basis.T, torch.eye(latent.CHANNELS, dtype=torch.float64), atol=1e-5, rtol=0
    )
    assert float(space.encode(pictures).std()) == pytest.approx(1, abs=0.01)


def test_latent_encoding_undoes_its_decoding() -> None:
    space = latent.fit(latent.to_signed(pictures_of(SCENES)))
    latents = torch.randn(2, latent.CHANNELS, 8, 6)
    torch.testing.assert_close(space.encode(space.decode(latents)), latents, atol=1e-4, rtol=1e-4)


def test_judge_reads_fresh_renders() -> None:
    judge, scenes = load_judge(JUDGE), list(world.scenes(600, 987_654))
    verdicts = judge(pictures_of(scenes).float() / 255)
    for name in ("kind", "colour", "pattern"):
        label = "object" if name == "kind" else name
        right = [
            getattr(s.objects[0], name) == getattr(v, label)
            for s, v in zip(scenes, verdicts, strict=True)
        ]
        assert np.mean(right) >= 0.98, label
    assert np.mean([s.weather == v.weather for s, v in zip(scenes, verdicts, strict=True)]) >= 0.98


def test_judge_sees_no_object_where_there_is_none() -> None:
    empty = [backdrop(scene) for scene in SCENES[:100]]
    verdicts = load_judge(JUDGE)(pictures_of(empty).float() / 255)
    assert np.mean([v.object == "nothing" for v in verdicts]) >= 0.98
    nothing = [v for v in verdicts if v.object == "nothing"]
    assert not any(verdict.shows(group) for verdict in nothing for group in world.GROUPS)


def test_group_probabilities_and_nothing_sum_to_one() -> None:
    verdict = load_judge(JUDGE)(pictures_of(SCENES[:1]).float() / 255)[0]
    total = sum(verdict.group_probability(group) for group in world.GROUPS)
    assert total + verdict.probabilities["object"]["nothing"] == pytest.approx(1, abs=1e-4)


def test_judge_refuses_pictures_of_a_wrong_shape() -> None:
    with pytest.raises(ValueError, match="B, H, W, 3"):
        load_judge(JUDGE)(torch.zeros(3, 64, 64))
