"""HRV Load's auto: the file is found by the model, and errors name the one that is right."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_relevance import relevance

from hrv_pack.hrv.files.hrv_file import save_relevance
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.host.weights_digest import weights_digest
from hrv_pack.nodes.library.choices import AUTO, DOWNLOAD, choices, concepts_of, listing
from hrv_pack.nodes.library.compatibility import require_compatible
from hrv_pack.nodes.library.demo import HRVDemoModel
from hrv_pack.nodes.library.files import _ASK_FOR_MODEL, HRVLoad
from hrv_pack.nodes.library.fitting import fitting
from hrv_pack.nodes.library.folders import PAPER_CONCEPTS

pytestmark = pytest.mark.usefixtures("host", "inference")
LINKED = None  # what the host gives validate_inputs for a connected input


def made_for(model, /, *concepts: str, **provenance: str) -> HeadRelevance:
    """Uniform vectors of a model's heads."""
    heads = model_heads(model)
    words = (("a",),) * len(concepts)
    return HeadRelevance(concepts, words, heads, torch.ones(len(concepts), len(heads)), provenance)


def keep(folder, name: str, hrv: HeadRelevance) -> None:
    save_relevance(folder / f"{name}.safetensors", hrv)


def family(layers: int, down: int, mid: int, up: int) -> HeadTable:
    """A head table with these counts."""
    ends = ("down", 0, down - (layers - 3)), ("mid", 0, mid), ("up", 0, up)
    more = tuple(("down", 1 + n, 1) for n in range(layers - 3))
    return HeadTable((ends[0], *more, *ends[1:]))


def test_auto_takes_the_file_of_the_models_heads(own_folder, models):
    for name, model in models.items():
        keep(own_folder, name, made_for(model, name))
    for name, model in models.items():
        assert HRVLoad.execute(AUTO, model).args[0].concepts == (name,)


def test_the_demo_model_finds_vectors_that_come_with_the_pack(own_folder):
    demo = HRVDemoModel.execute().args[0]
    found = HRVLoad.execute(AUTO, demo).args[0]
    assert found.heads == model_heads(demo) and "Color" in found.concepts


def test_the_very_checkpoints_file_comes_before_others_and_a_single_words_last(own_folder, model):
    weights = weights_digest(model)
    keep(own_folder, "word", made_for(model, "a", "b", "c", made_by="HRV Measure", weights=weights))
    keep(own_folder, "large", made_for(model, "a", "b", weights="another"))
    keep(own_folder, "own", made_for(model, "a", weights=weights))
    heads = model_heads(model)
    names = [each.choice for each in fitting(heads, weights)]
    assert names == ["own.safetensors", "large.safetensors", "word.safetensors"]
    assert fitting(heads)[0].choice == "large.safetensors"


def test_of_equals_measured_vectors_come_first(own_folder, model):
    keep(own_folder, "a", made_for(model, "x", "y"))
    keep(own_folder, "b", replace(made_for(model, "x", "y"), kind="measured"))
    keep(own_folder, "c", made_for(model, "x", "y", "z"))
    names = [each.choice[0] for each in fitting(model_heads(model))]
    assert names == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("heads", "title"), [(family(16, 48, 8, 72), "SD1.4"), (family(70, 440, 200, 660), "SDXL")]
)
def test_published_vectors_serve_their_family_before_and_after_they_are_fetched(
    own_folder, heads, title
):
    (download,) = fitting(heads)
    assert download.choice.startswith(DOWNLOAD) and title in download.choice
    assert download.concepts == tuple(PAPER_CONCEPTS) and download.header is None
    fetched = HeadRelevance(("a",), (("b",),), heads, torch.ones(1, len(heads)))
    keep(own_folder, f"hrv-{title.lower()}-authors", fetched)
    (on_disk,) = fitting(heads)
    assert on_disk.choice == download.choice and on_disk.concepts == ("a",)


def test_a_damaged_file_is_passed_over(own_folder, model):
    (own_folder / "broken.safetensors").write_bytes(b"no header")
    keep(own_folder, "whole", made_for(model, "a"))
    assert [each.choice for each in fitting(model_heads(model))] == ["whole.safetensors"]


def test_a_model_without_a_file_is_told_to_make_one(own_folder, model):
    with pytest.raises(ValueError, match=r"No HRV file fits .*heads.* HRV Construct"):
        HRVLoad.execute(AUTO, model)


def test_a_wrong_file_is_refused_by_the_name_of_the_right_one(own_folder, models):
    keep(own_folder, "right", made_for(models["sd1"], "a"))
    keep(own_folder, "wrong", made_for(models["sdxl"], "a", model="My XL"))
    with pytest.raises(ValueError, match=r"made for My XL, but the model is .*“right.safetensors”"):
        HRVLoad.execute("wrong.safetensors", models["sd1"])
    with pytest.raises(ValueError, match=r"but the model is .*HRV Construct"):
        HRVLoad.execute("wrong.safetensors", models["sd2"])


def test_the_right_file_is_the_one_most_like_the_wrong(own_folder, models):
    """Its concepts first, then its words, then whether it is voted or measured."""
    right, words = made_for(models["sd1"], "a", "b"), (("cat",), ("dog",))
    keep(own_folder, "1", made_for(models["sd1"], "x", "y", "z"))
    keep(own_folder, "2", replace(right, kind="measured"))
    keep(own_folder, "3", right)
    keep(own_folder, "4", replace(right, words=words, kind="measured"))
    wrong = made_for(models["sdxl"], "a", "b")
    for hrv, best in (
        (made_for(models["sdxl"], "q"), "1"),
        (made_for(models["sdxl"], "x", "a"), "1"),
        (wrong, "3"),
        (replace(wrong, kind="measured"), "2"),
        (replace(wrong, words=words), "4"),
    ):
        with pytest.raises(ValueError, match=f"choose “{best}.safetensors”"):
            require_compatible(hrv, models["sd1"])


def test_a_download_for_another_kind_of_model_is_refused_before_it_is_fetched(own_folder, model):
    keep(own_folder, "right", made_for(model, "a"))
    for choice in (each for each in choices() if each.startswith(DOWNLOAD)):
        with pytest.raises(ValueError, match=r"is for SD.* the model is .*“right\.safetensors”"):
            HRVLoad.execute(choice, model)
    assert [path.name for path in own_folder.iterdir()] == ["right.safetensors"]


def test_auto_needs_a_model_and_says_so_before_the_run():
    assert HRVLoad.validate_inputs(AUTO, LINKED) is True
    assert HRVLoad.validate_inputs(AUTO) == _ASK_FOR_MODEL
    with pytest.raises(ValueError, match="connect the checkpoint's MODEL"):
        HRVLoad.execute(AUTO)


def test_a_file_that_is_not_there_is_named_before_the_run(own_folder):
    keep(own_folder, "mine", relevance("Dragons"))
    assert HRVLoad.validate_inputs("mine.safetensors") is True
    assert all(HRVLoad.validate_inputs(choice) is True for choice in choices())
    assert "Did you mean 'mine.safetensors'" in HRVLoad.validate_inputs("mina.safetensors")
    assert "Did you mean" in HRVLoad.validate_inputs(f"{DOWNLOAD}HRV SD1.5 (paper authors)")
    assert "HRV folders" in HRVLoad.validate_inputs("../mine.safetensors")


def test_auto_is_run_again_when_any_file_changes(own_folder):
    before = HRVLoad.fingerprint_inputs(AUTO, LINKED)
    assert HRVLoad.fingerprint_inputs(AUTO, LINKED) == before
    keep(own_folder, "mine", relevance("Dragons"))
    added = listing()
    assert added != before
    keep(own_folder, "mine", replace(relevance("Dragons"), provenance={"made_by": "me"}))
    assert listing() not in (before, added)


def test_menus_of_auto_list_every_files_concepts(own_folder):
    keep(own_folder, "mine", relevance("Dragons"))
    assert {"Dragons", *PAPER_CONCEPTS} <= set(concepts_of(AUTO))


def test_a_new_node_begins_with_auto():
    assert HRVLoad.GET_SCHEMA().inputs[0].options == [AUTO, *choices()]
