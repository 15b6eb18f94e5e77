"""What A&E-HRV cannot read, or has not."""

from __future__ import annotations

import pytest
from excite_scene import CONCEPT_WORDS, PLAIN_WORDS, excited, prompts, relevance, sample

pytestmark = pytest.mark.usefixtures("host", "inference")


@pytest.mark.parametrize(
    ("words", "weighed", "options", "message"),
    [
        ("cat", True, {}, "name the concept of “cat”"),
        ("cat: Plants", True, {}, "no concept 'Plants'"),
        ("dog", False, {}, "dog"),
        ("", False, {}, "Name the words"),
        (PLAIN_WORDS, False, {"thresholds": "half"}, "Expected thresholds"),
    ],
)
def test_what_it_cannot_read_is_an_error(models, clip, words, weighed, options, message):
    model, (positive, _) = models["sd1"], prompts(clip)
    hrv = relevance(model) if weighed else None
    with pytest.raises(ValueError, match=message):
        excited(model, positive, words, hrv=hrv, **options)


def test_a_map_size_that_the_model_has_not_is_an_error(models, clip):
    model, (positive, negative) = models["sd1"], prompts(clip)
    with pytest.raises(ValueError, match="it has layers with: all, 1/4"):
        sample(excited(model, positive, map_size="1/16"), positive, negative)


def test_another_models_hrv_is_an_error(models, clip):
    positive, _ = prompts(clip)
    with pytest.raises(ValueError, match="This HRV was made for"):
        excited(models["sd1"], positive, CONCEPT_WORDS, hrv=relevance(models["sdxl"]))
