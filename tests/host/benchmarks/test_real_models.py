"""The papers' experiments on a real model's structure: end to end on random weights."""

from __future__ import annotations

import json
from argparse import Namespace
from math import isfinite

import pytest

pytestmark = pytest.mark.usefixtures("host")

from importlib.util import find_spec  # noqa: E402

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torch.nn.functional import interpolate, normalize  # noqa: E402

from hrv_pack.hrv.files.concept_file import read_concepts  # noqa: E402
from hrv_pack.hrv.relevance import HeadRelevance  # noqa: E402
from hrv_pack.nodes.host.model import model_heads  # noqa: E402
from hrv_pack.nodes.library.concept_lists import SHIPPED  # noqa: E402


class Thumbnails:
    """A judge without a network: images by their thumbnail, texts by their letters."""

    name = "thumbnails"

    def images(self, images):
        small = interpolate(images.permute(0, 3, 1, 2).float(), (6, 6), mode="area")
        return normalize(small.flatten(1), dim=-1)

    def texts(self, texts):
        counts = torch.zeros(len(texts), 108)
        for row, text in zip(counts, texts, strict=True):
            for place, letter in enumerate(text):
                row[(place * 31 + ord(letter)) % 108] += 1
        return normalize(counts, dim=-1)


def clip_judge():
    """open_clip's smallest architecture with random weights."""
    if find_spec("open_clip") is None:
        pytest.skip("needs open_clip: run `make clip`")
    from hrv_pack.benchmarks.real.judge import ClipSimilarity

    torch.manual_seed(0)
    return ClipSimilarity("ViT-S-32-alt", None)


def tiny_vae():
    """The host's tiny autoencoder with random weights."""
    import comfy.sd
    from comfy.taesd.taesd import TAESD
    from tiny_models import randomise

    weights = {}
    whole = TAESD(latent_channels=4)
    randomise(whole, 0)
    for part, name in ((whole.taesd_encoder, "encoder"), (whole.taesd_decoder, "decoder")):
        weights |= {f"taesd_{name}.{key}": value for key, value in part.state_dict().items()}
    return comfy.sd.VAE(sd=weights)


def tiny_lab(structure, judge, folder, masks=None):
    from tiny_models import make_clip, make_model

    from hrv_pack.benchmarks.real.lab import Lab, Settings

    model = make_model(structure)
    heads, words = model_heads(model), read_concepts(SHIPPED / "paper34.txt")
    raw = torch.rand(len(words.concepts), len(heads), generator=torch.Generator().manual_seed(0))
    vectors = raw / raw.sum(dim=1, keepdim=True) * len(heads)
    hrv = HeadRelevance(words.concepts, words.words, heads, vectors)
    settings = Settings(steps=2, cfg=4.0, size=64)
    return Lab(model, make_clip(), tiny_vae(), hrv, judge, settings, folder / "maps", masks)


def options(folder, only):
    return Namespace(out=folder, only=only, size="smoke", authors_prompts=False)


def has_excite():
    return (SHIPPED.parent.parent / "nodes" / "excite" / "node.py").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("judge", [Thumbnails, clip_judge], ids=["thumbnails", "open_clip"])
@pytest.mark.parametrize("structure", ["sd1", "sdxl"])
def test_every_experiment_runs_end_to_end_on_random_weights(structure, judge, tmp_path):
    from hrv_pack.benchmarks.real_models import EXPERIMENTS, run_all

    only = [name for name in EXPERIMENTS if name != "objects" or has_excite()]
    with torch.inference_mode():
        lab = tiny_lab(structure, judge(), tmp_path)
        page = run_all(lab, options(tmp_path, only)).read_text()
        again = run_all(lab, options(tmp_path, only)).read_text()
    assert page == again
    found = json.loads((tmp_path / "results.json").read_text())["experiments"]
    assert {*found} == {*only}
    assert all(one["table"] for one in found.values())
    cells = [
        cell for one in found.values() for row in one["table"].values() for cell in row.values()
    ]
    numbers = [n for c in cells if c is not None for n in (c if isinstance(c, list) else [c])]
    assert all(isfinite(number) for number in numbers)
    assert all(EXPERIMENTS[name].title in page for name in only)


def test_reference_masks_give_the_table_and_finished_cases_are_kept(tmp_path):
    from hrv_pack.benchmarks.real_models import run_all

    masks = tmp_path / "masks"
    with torch.inference_mode():
        lab = tiny_lab("sd1", Thumbnails(), tmp_path)
        run_all(lab, options(tmp_path, ["maps"]))
        images = list((tmp_path / "maps").glob("*.png"))
        masks.mkdir()
        for image in images:
            white = Image.new("L", Image.open(image).size, 255)
            white.save(masks / image.name)
        before = {*(tmp_path / "cases").rglob("*.json")}
        run_all(tiny_lab("sd1", Thumbnails(), tmp_path, masks), options(tmp_path, ["maps"]))
    assert len({*(tmp_path / "cases").rglob("*.json")}) == 2 * len(before)
    table = json.loads((tmp_path / "results.json").read_text())["experiments"]["maps"]["table"]
    assert all(row["with a mask"] == row["images"] > 0 for row in table.values())
    assert all(0 < row["mIoU"][0] < 1 for row in table.values())


def test_the_published_area_comes_out_of_the_published_scores(authors):
    import csv

    from hrv_pack.benchmarks.real.weaken import area

    names = {"top": "MoRHF", "bottom": "LeRHF"}
    rows = []
    with (authors / "hp_scores_wo_category_exp_5.csv").open() as file:
        for row in csv.DictReader(file):
            order, heads = row["Key"].split("_")
            found = {"order": names[order], "heads": int(heads)}
            rows.append({**found, "similarity": float(row["Value"])})
    assert area(rows) == pytest.approx(9.43, abs=0.005)


def test_the_authors_prompts_are_read_as_they_are_published(authors, tmp_path):
    from hrv_pack.benchmarks.real.prompts import EDITS, edit_pairs, object_prompts, objects_of

    for path in authors.glob("*_prompts.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    pairs, prompts = edit_pairs(tmp_path), object_prompts(tmp_path)
    assert {name: len(listed) for name, listed in pairs.items()} == {
        name: 25 if name == "Weather Conditions" else 50 for name in EDITS
    }
    assert pairs["Color"][0] == ("a blue car", "a brown car")
    assert [len(listed) for listed in prompts.values()] == [66, 150]
    assert all(len(objects_of(p)) == 2 for listed in prompts.values() for p in listed)


def test_the_protocols_are_the_papers(authors):
    from hrv_pack.benchmarks.real.scope import some
    from hrv_pack.benchmarks.real.weaken import counts, order_of
    from hrv_pack.benchmarks.real.word_lists import WORD_LISTS
    from hrv_pack.hrv.files.authors import read_word_list

    assert counts(128) == [0, 1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 101, 111, 121, 128]
    assert counts(1300)[:3] == [0, 11, 111] and counts(1300)[-2:] == [1211, 1300]
    assert some(counts(128), 3) == [0, 61, 128] and some([1, 2], 5) == [1, 2]
    row = torch.rand(128, generator=torch.Generator().manual_seed(0))
    for order, back in (("MoRHF", "LeRHF"), ("random 1", "random 1 reversed")):
        assert torch.equal(order_of(row, order).flip(0), order_of(row, back))
    assert not torch.equal(order_of(row, "random 1"), order_of(row, "random 2"))
    sizes = {one.title: len(list(one.prompts())) for one in WORD_LISTS}
    assert sum(sizes.values()) == 365 and len({one.concept for one in WORD_LISTS}) == 9
    concepts, words = read_word_list(authors / "340_final_text_list.csv")
    voted = {c: {w.lower() for w in listed} for c, listed in zip(concepts, words, strict=True)}
    for one in WORD_LISTS:
        if one.other:
            assert not voted[one.concept] & {*one.listed.lower().split(", ")}


def save_tiny_dino(folder):
    from transformers import BitImageProcessor, Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    Dinov2Model(Dinov2Config(**sizes, image_size=28, patch_size=14)).save_pretrained(folder)
    shape = {"height": 28, "width": 28}
    BitImageProcessor(size=shape, crop_size=shape).save_pretrained(folder)


def test_a_background_is_what_lies_outside_the_mask(tmp_path):
    from hrv_pack.benchmarks.real.extras import DinoFeatures, background_cosine

    save_tiny_dino(tmp_path)
    judge = DinoFeatures(str(tmp_path))
    source = torch.rand(1, 28, 28, 3, generator=torch.Generator().manual_seed(1))
    edited, thing = source.clone(), torch.zeros(28, 28, dtype=torch.bool)
    thing[4:14, 6:20] = True
    edited[:, thing] = 0.0
    assert judge.images(source).norm(dim=-1) == pytest.approx(1, abs=1e-6)
    assert background_cosine(judge, source, edited, thing) == pytest.approx(1, abs=1e-6)
    assert background_cosine(judge, source, edited, None) < 0.999


class Colours:
    """A captioner without a network: the name of the strongest channel."""

    name = "colours"

    def captions(self, images):
        return [("red", "green", "blue")[int(c)] for c in images.mean(dim=(1, 2)).argmax(dim=-1)]


def test_further_judges_add_their_columns(tmp_path):
    from dataclasses import replace

    from hrv_pack.benchmarks.real.extras import Extras
    from hrv_pack.benchmarks.real_models import run_all

    with torch.inference_mode():
        lab = tiny_lab("sd1", Thumbnails(), tmp_path)
        lab = replace(lab, extras=Extras(Thumbnails(), Colours()))
        page = run_all(lab, options(tmp_path, ["edit", "objects"])).read_text()
    found = json.loads((tmp_path / "results.json").read_text())["experiments"]
    assert all("DINOv2, background" in row for row in found["edit"]["table"].values())
    assert all("BLIP-2 caption, prompt" in row for row in found["objects"]["table"].values())
    assert "caption judge: colours" in page


def test_wrong_input_says_what_is_wrong(tmp_path):
    from tiny_models import make_model

    from hrv_pack.benchmarks.real.lab import load_parts, relevance_for
    from hrv_pack.benchmarks.real.prompts import objects_of

    with pytest.raises(ValueError, match="no checkpoint"):
        load_parts(tmp_path / "missing.safetensors")
    with pytest.raises(ValueError, match="Nobody publishes"):
        relevance_for(make_model(), None, tmp_path)
    with pytest.raises(ValueError, match="should read like"):
        objects_of("two cats")


@pytest.mark.skipif(find_spec("open_clip") is not None, reason="open_clip is there")
def test_without_open_clip_the_judge_says_how_to_get_it():
    from hrv_pack.benchmarks.real.judge import ClipSimilarity

    with pytest.raises(ValueError, match="make clip"):
        ClipSimilarity("ViT-H-14", None)
