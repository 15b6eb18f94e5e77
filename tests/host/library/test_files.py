"""HRV Load and HRV Save: what is saved can be loaded, and nothing outside the folders."""

from __future__ import annotations

import comfy.model_management
import pytest
import torch
from small_relevance import HEADS, relevance

from hrv_pack.hrv.files.hrv_file import save_relevance
from hrv_pack.nodes.library import choices as library_choices
from hrv_pack.nodes.library import folders as library
from hrv_pack.nodes.library.choices import DOWNLOAD, choices, path_of
from hrv_pack.nodes.library.files import HRVLoad, HRVSave

pytestmark = pytest.mark.usefixtures("host")


def test_saved_vectors_load_again(own_folder):
    HRVSave.execute(relevance("Dragons"), "my vases")
    assert "my vases.safetensors" in library.names()
    loaded = HRVLoad.execute("my vases.safetensors").args[0]
    assert torch.equal(loaded.vectors, relevance("Dragons").vectors)
    assert loaded.heads == HEADS


def test_saving_never_replaces_unasked(own_folder):
    for _ in range(2):
        HRVSave.execute(relevance("Dragons"), "twice")
    assert sorted(p.name for p in own_folder.iterdir()) == [
        "twice 2.safetensors",
        "twice.safetensors",
    ]
    HRVSave.execute(relevance("Dragons"), "twice", overwrite=True)
    assert len(list(own_folder.iterdir())) == 2


@pytest.mark.parametrize("name", ["../escape.safetensors", "/etc/passwd", "a/../../b.safetensors"])
def test_names_do_not_leave_the_folders(own_folder, name):
    with pytest.raises(ValueError, match=r"HRV folders|not an HRV file"):
        HRVLoad.execute(name)


def test_published_vectors_are_listed_as_downloads():
    downloads = [choice for choice in choices() if choice.startswith(DOWNLOAD)]
    assert len(downloads) == 2
    with pytest.raises(ValueError, match="There is no"):
        path_of(DOWNLOAD + "nothing")


def test_a_chosen_download_is_fetched_into_the_users_folder_and_can_be_cancelled(
    own_folder, monkeypatch
):
    class Cancelled(Exception):
        pass

    def stop():
        raise Cancelled

    def fetch(entry, folder, progress):
        progress(0, entry.size)
        return save_relevance(folder / entry.file_name, relevance("Dragons"))

    monkeypatch.setattr(library_choices, "fetch_entry", fetch)
    download = next(choice for choice in choices() if choice.startswith(DOWNLOAD))
    with monkeypatch.context() as patch:
        name = "throw_exception_if_processing_interrupted"
        patch.setattr(comfy.model_management, name, stop)
        with pytest.raises(Cancelled):
            HRVLoad.execute(download)
    assert list(own_folder.iterdir()) == []
    assert HRVLoad.execute(download).args[0].concepts == ("Dragons", "Color")
    assert len(list(own_folder.iterdir())) == 1
