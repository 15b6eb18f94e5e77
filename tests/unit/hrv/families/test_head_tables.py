"""Head tables of transformers: names, fingerprints that files keep, and which family a model is."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from head_tables import SD1

from hrv_pack.hrv.families.flux import FLUX, FLUX2
from hrv_pack.hrv.families.registry import FAMILIES, family_of, text_heads, text_layers
from hrv_pack.hrv.files.hrv_file import load_relevance, save_relevance
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance

LAYERS = (("block", 0, 16), ("block", 1, 16))


def model(family, blocks=2):
    """What the table of a family asks of a model, and nothing else."""
    kind = type(sorted(family.classes)[0], (SimpleNamespace,), {})
    module = SimpleNamespace(**{family.heads: 4})
    block = SimpleNamespace(**{family.attention: module}) if family.attention else module
    made = kind(**{path: [block] * blocks for _, path in family.blocks})
    for path in ("txtfusion", "vector_in"):
        setattr(made, path, family.where == path)
    made.params = SimpleNamespace(global_modulation=family is FLUX2)
    return made


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_model_is_found_by_its_class_and_named_head_by_head(family):
    found = model(family)
    assert family_of(found) is family
    heads = text_heads(found)
    assert heads.layers == tuple((s, n, 4) for s, _ in family.blocks for n in range(2))
    assert heads.known_family == heads.family == family.name
    assert HeadTable.from_names(heads.names, heads.architecture) == heads
    assert [x.values for x in text_layers(found)] == [family.values] * len(heads.layers)


def test_names_of_families_differ():
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


def test_alike_built_models_of_other_families_have_other_fingerprints():
    tables = [HeadTable(LAYERS, name) for name in ("", "Anima", "Cosmos-Predict2")]
    assert len({table.fingerprint for table in tables}) == 3


def test_fingerprints_stay():
    """Files hold them."""
    assert SD1.fingerprint == HeadTable(SD1.layers, "").fingerprint
    assert HeadTable(LAYERS, "Anima").fingerprint == "f42df9cda866b5e8"


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match=r"MMDiT\) cannot be steered by its heads.*SDXL.*Flux"):
        text_heads(type("MMDiT", (torch.nn.Module,), {})())


def test_another_model_of_a_known_class_is_named():
    other = model(FLUX)
    other.vector_in = None
    for read in (text_heads, text_layers):
        with pytest.raises(ValueError, match=r"is another one, such as LongCat-Image or Ovis"):
            read(other)


def test_files_keep_the_architecture(tmp_path):
    heads = HeadTable(LAYERS, "Anima")
    vectors = torch.ones(1, len(heads))
    made = HeadRelevance(("Color",), (("red",),), heads, vectors)
    read = load_relevance(save_relevance(tmp_path / "a.safetensors", made))
    assert read.heads == heads and read.heads.architecture == "Anima"
    plain = replace(made, heads=HeadTable(LAYERS))
    assert load_relevance(save_relevance(tmp_path / "b.safetensors", plain)).heads != heads
