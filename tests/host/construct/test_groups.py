"""Groups and shards of a construction's prompts, and the settings that votes depend on."""

from __future__ import annotations

from itertools import chain

import pytest

from hrv_pack.nodes.construct.groups import CHECKED, cut_for_looks, shard_groups
from hrv_pack.nodes.construct.settings import Batching, ConstructSettings, Sampling

pytestmark = pytest.mark.usefixtures("host")
each_batching = pytest.mark.parametrize(
    "batching", [Batching(size=size, exact=exact) for size in (1, 3, 8) for exact in (True, False)]
)


def numbers(groups):
    return list(chain.from_iterable(groups))


@each_batching
@pytest.mark.parametrize("prompts", [1, 7, 24, 50])
@pytest.mark.parametrize("count", [1, 3, 16])
def test_shards_take_every_prompt_once(batching, prompts, count):
    shards = [shard_groups(prompts, batching, (number, count)) for number in range(1, count + 1)]
    assert numbers(chain.from_iterable(shards)) == list(range(prompts))
    if not batching.exact:  # the same images together, however the run is cut
        assert list(chain.from_iterable(shards)) == shard_groups(prompts, batching)


@pytest.mark.parametrize("shard", [(0, 4), (5, 4), (1, 0)])
def test_a_shard_that_there_is_not_is_refused(shard):
    with pytest.raises(ValueError, match="Shards are numbered"):
        shard_groups(10, Batching(), shard)


@each_batching
def test_looking_at_the_agreement_moves_no_prompt(batching):
    groups = shard_groups(50, batching)
    cut = cut_for_looks(groups, 50, batching)
    assert numbers(cut) == numbers(groups)
    if batching.exact:
        assert {CHECKED, 2 * CHECKED} <= {group.start for group in cut}
    else:
        assert cut == groups


def settings(size=1, exact=True, **changes) -> ConstructSettings:
    batching = Batching(size=size, exact=exact)
    return ConstructSettings(sampling=Sampling(**changes), batching=batching)


def test_the_batch_is_a_setting_of_the_votes_only_where_images_share_calls():
    assert settings(2).texts(10) == settings(5).texts(10)
    assert settings(2, exact=False).texts(10) != settings(5, exact=False).texts(10)
    assert settings(2, exact=False).texts(10) != settings(2, exact=False).texts(11)


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"steps": 9}, {"cfg": 1.0}, {"sampler": "lms"}, {"width": 64}]
)
def test_the_sampling_is_a_setting_of_the_votes(change):
    assert settings(**change).texts(10) != settings().texts(10)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Sampling(steps=0), "steps should be 1 or more; found 0"),
        (lambda: Sampling(height=0), "height"),
        (lambda: Batching(size=0), "images per save"),
        (lambda: ConstructSettings(sampling=Sampling(), timestep_bins=0), "timestep bins"),
        (
            lambda: ConstructSettings(sampling=Sampling(), recipe="own"),
            "authors or measured",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
