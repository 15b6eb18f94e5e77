"""Laws of the demo world and of its judge."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
import torch

from hrv_pack.demo import backdrop as sky
from hrv_pack.demo import captions, concepts, latent, scoring, sprites, styles, world
from hrv_pack.demo.judge import load_judge
from hrv_pack.demo.latent import PATCH
from hrv_pack.demo.train_judge import accuracy
from hrv_pack.tools.host import ROOT

JUDGE = ROOT / "pretrained" / "demo_judge.safetensors"
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
        drawn = world.render(scene)
        mask = np.max([world.object_mask(scene, i) for i in range(len(scene.objects))], axis=0)
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
@pytest.mark.parametrize("size", world.SIZES)
def test_objects_stay_whole_wherever_they_stand(kind: str, size: str) -> None:
    whole = box(sprites.sprite(kind, world.SIZES[size]).mask)
    for centre in product(world.LONE_PLACES, world.HEIGHTS):
        thing = world.Object(kind, "red", "plain", size, centre)
        assert box(world.object_mask(world.Scene((thing,), "sunny"))) == whole


def test_places_are_whole_latent_pixels_apart() -> None:
    for places in (world.PLACES, world.LONE_PLACES, world.HEIGHTS):
        assert {(place - places[0]) % PATCH for place in places} == {0}


def test_two_objects_hardly_touch_and_never_share_a_word() -> None:
    for scene in (s for s in SCENES if len(s.objects) == 2):
        one, other = (world.object_mask(scene, i) for i in (0, 1))
        assert (one * other).sum() <= 2
        words = {captions.object_words(thing.kind, bare=True) for thing in scene.objects}
        assert len(words) == 2


def test_scenes_have_one_or_two_objects_in_the_stated_shares() -> None:
    pairs = np.mean([len(s.objects) == 2 for s in world.scenes(2000, 9)])
    assert abs(pairs - world.PAIR_SHARE) < 0.04


@pytest.mark.parametrize("size", world.SIZES)
def test_silhouettes_differ_clearly(size: str) -> None:
    for one, other in combinations(world.OBJECTS, 2):
        a, b = (sprites.sprite(kind, world.SIZES[size]).mask > 0.5 for kind in (one, other))
        overlap = (a & b).sum() / (a | b).sum()
        assert overlap < 0.8, (one, other)


def test_colours_are_far_apart_and_far_from_the_backdrops() -> None:
    palette = [np.array(colour, float) for colour in world.COLOURS.values()]
    backdrops = [np.array(c, float) for c in (*sky.SKY.values(), *sky.GROUND.values())]
    assert min(np.linalg.norm(a - b) for a, b in combinations(palette, 2)) > 80
    assert min(np.linalg.norm(a - b) for a in palette for b in backdrops) > 60


def test_patterns_paint_and_plain_paints_nothing() -> None:
    shares = {pattern: world.pattern_cover(pattern).mean() for pattern in world.PATTERNS}
    assert shares.pop("plain") == 0
    assert all(0.15 < share <= 0.5 for share in shares.values())


@pytest.mark.parametrize("attribute", ["weather", "style"])
def test_every_weather_and_style_changes_the_picture(attribute: str) -> None:
    labels = sky.WEATHERS if attribute == "weather" else tuple(styles.STYLES)
    drawn = [world.render(replace(SCENES[0], **{attribute: label})) for label in labels]
    for one, other in combinations(drawn, 2):
        assert np.abs(one.astype(int) - other).mean() > 3


def test_unknown_style_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"oil.*ink"):
        styles.style_of("oil")


def test_captions_say_nothing_false() -> None:
    for scene in SCENES[:200]:
        true = {scene.weather, scene.style, "a", "an", "and", "on", "in", "the", "day"}
        for thing in scene.objects:
            true |= {thing.colour, thing.pattern, thing.size}
            true |= set(captions.object_words(thing.kind).split())
        true |= {w for words in captions.WEATHER_WORDS[scene.weather] for w in words.split()}
        true |= set(captions.STYLE_WORDS[scene.style].split())
        rng = np.random.default_rng(scene.seed)
        for _ in range(20):
            assert set(captions.caption(scene, rng).split()) <= true


def test_captions_tie_attributes_to_their_object() -> None:
    things = (world.Object("cat", "blue", "dotted"), world.Object("boat", "red", "plain"))
    rng = np.random.default_rng(0)
    texts = [captions.caption(world.Scene(things, "snowy"), rng) for _ in range(400)]
    for text in texts:
        for part in text.split(" and "):
            words = set(part.split())
            assert not ("cat" in words and words & {"red", "plain"}), text
            assert not ("boat" in words and words & {"blue", "dotted"}), text
    both = [text for text in texts if "cat" in text and "boat" in text]
    assert both and all(text.index("cat") < text.index("boat") for text in both)


def test_half_of_the_captions_leave_open_what_a_two_meaning_word_means() -> None:
    rng = np.random.default_rng(0)
    for word, kinds in world.MEANINGS.items():
        for kind in kinds:
            scene = world.Scene((world.Object(kind, "blue", "dotted"),), "snowy")
            texts = [captions.caption(scene, rng) for _ in range(1500)]
            named = [text for text in texts if word in text.split()]
            bare = np.mean([captions.object_words(kind) not in text for text in named])
            assert 0.45 < bare < 0.55


def test_a_word_without_two_meanings_is_an_error() -> None:
    assert captions.meanings("crane") == ("crane bird", "crane truck")
    with pytest.raises(ValueError, match=r"cat.*mouse"):
        captions.meanings("cat")


def test_articles() -> None:
    assert captions.phrase("apple") == "an apple"
    assert captions.phrase("apple", "red", "", "in the rain") == "a red apple in the rain"


def test_unknown_object_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"dog.*cat"):
        world.group_of("dog")


def test_concept_lists_are_disjoint_and_leave_out_words_with_two_meanings() -> None:
    words = [word for group in concepts.CONCEPTS.values() for word in group]
    assert len(words) == len(set(words))
    assert not any(open_word in word for word in words for open_word in world.MEANINGS)


def test_prompts_name_every_object_about_equally_often() -> None:
    found = concepts.prompts(6 * len(world.OBJECTS), 5)
    assert found == concepts.prompts(6 * len(world.OBJECTS), 5)
    for kind in world.OBJECTS:
        words = captions.object_words(kind)
        assert sum(f" {words} " in f"{prompt} " for prompt in found) >= 6


def test_full_prompts_leave_nothing_open() -> None:
    scene = world.Scene((world.Object("crane", "red", "plain", "small"),), "foggy", "ink")
    assert (
        concepts.full_prompt(scene)
        == "an ink drawing of a small red plain crane bird on a foggy day"
    )


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


def test_judge_reads_fresh_renders_of_one_and_two_objects() -> None:
    right = accuracy(load_judge(JUDGE), 1500, 987_654)
    assert min(right.values()) >= 0.98, right


def test_judge_sees_no_object_where_there_is_none() -> None:
    empty = [backdrop(scene) for scene in SCENES[:100]]
    verdicts = load_judge(JUDGE)(pictures_of(empty).float() / 255)
    assert np.mean([v.objects == () for v in verdicts]) >= 0.98
    nothing = [v for v in verdicts if not v.objects]
    assert not any(verdict.shows(group) for verdict in nothing for group in world.GROUPS)


def test_judge_finds_the_one_object_that_a_pair_has_lost() -> None:
    pairs = [s for s in world.scenes(300, 321) if len(s.objects) == 2]
    lonely = [replace(s, objects=s.objects[i % 2 : i % 2 + 1]) for i, s in enumerate(pairs)]
    verdicts = load_judge(JUDGE)(pictures_of(lonely).float() / 255)
    found = [
        len(v.objects) == 1 and v.object == s.objects[0].kind
        for s, v in zip(lonely, verdicts, strict=True)
    ]
    assert np.mean(found) >= 0.95


def test_group_probabilities_and_nothing_sum_to_one() -> None:
    seen = load_judge(JUDGE)(pictures_of(SCENES[:1]).float() / 255)[0].first
    total = sum(seen.group_probability(group) for group in world.GROUPS)
    assert total + seen.probabilities["object"]["nothing"] == pytest.approx(1, abs=1e-4)


def test_right_is_asked_of_every_object() -> None:
    scene = next(s for s in SCENES if len(s.objects) == 2)
    judge = load_judge(JUDGE)
    whole, half = judge(
        pictures_of([scene, replace(scene, objects=scene.objects[:1])]).float() / 255
    )
    assert all(scoring.right(scene, whole).values())
    marks = scoring.right(scene, half)
    assert not marks["objects"] and not marks["colours"] and marks["weather"] and marks["style"]
    assert scoring.present(scene.objects, half) == 1


def test_judge_refuses_pictures_of_a_wrong_shape() -> None:
    with pytest.raises(ValueError, match="B, H, W, 3"):
        load_judge(JUDGE)(torch.zeros(3, 64, 64))
