"""The authors' lists: in the menus, fetched with progress and Cancel, kept where the user looks."""

from __future__ import annotations

import comfy.model_management
import pytest

from hrv_pack.hrv.files.published_lists import PublishedList
from hrv_pack.nodes.library import concept_lists

pytestmark = pytest.mark.usefixtures("host")
ALL = "download: all 2,100 prompts of the paper's authors"


class Cancelled(Exception):
    pass


@pytest.fixture
def fetched(monkeypatch):
    """What is fetched, in place of a network: files of two lines, and their folders."""
    folders = []

    def fetch(self, folder, progress):
        progress(1, self.file.size)
        folders.append((self.file.name, folder))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.file.name).write_text("a cat\na dog\n")
        return folder / self.file.name

    monkeypatch.setattr(PublishedList, "fetch", fetch)
    return folders


def test_the_authors_prompts_can_be_had_in_part_and_whole(own_folder, fetched):
    downloads = [name for name in concept_lists.prompt_sources() if name.startswith("download")]
    assert ALL in downloads and len(downloads) == 2
    for name in downloads:
        assert concept_lists.prompts_of(name, "", 0) == ["a cat", "a dog"]
    files = ["prompt_list_imagenet.txt", "prompt_list_merged.txt"]
    assert fetched == [(file, own_folder / "prompts") for file in files]
    assert set(files) <= set(concept_lists.prompt_sources())


def test_a_cancelled_download_leaves_nothing(own_folder, fetched, monkeypatch):
    def stop():
        raise Cancelled

    monkeypatch.setattr(comfy.model_management, "throw_exception_if_processing_interrupted", stop)
    with pytest.raises(Cancelled):
        concept_lists.prompts_of(ALL, "", 0)
    assert fetched == []


def test_a_list_that_is_not_there_is_named_with_the_nearest(own_folder):
    with pytest.raises(ValueError, match=r"There is no “my prompt\.txt”"):
        concept_lists.prompts_of("my prompt.txt", "", 0)
