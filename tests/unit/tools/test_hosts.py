"""The table of ComfyUI's versions, and the lists of pins that name them."""

from __future__ import annotations

import json
import os
import re

import pytest

from hrv_pack.tools.host import PINS, ROOT
from hrv_pack.tools.hosts import matrix as hosts
from hrv_pack.tools.hosts import table

TESTS = {"passed": 5, "failed": 0, "skipped": 1}


def shown(version: str, **images: object) -> table.Shown:
    return table.Shown(version, table.digests(images), table.digests({"text": ["1"]}), TESTS)


def test_every_list_of_pins_names_its_version_and_one_hash():
    assert len(hosts.versions()) >= 4
    for version in hosts.versions():
        text = (PINS / "hosts" / f"{version}.txt").read_text("utf-8")
        assert f"ComfyUI {version} " in text
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}$", text, re.MULTILINE)) == 1


def test_versions_stand_in_the_order_of_their_numbers():
    assert table.order("0.9.2") < table.order("0.16.3") < table.order("0.30.0")
    assert hosts.versions() == sorted(hosts.versions(), key=table.order)


def test_the_versions_that_ci_asks_for_are_pinned():
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    asked = re.search(r"comfyui: \[(.*)\]", workflow)
    assert asked
    assert set(re.findall(r"[\d.]+", asked[1])) <= set(hosts.versions())


def test_an_image_counts_as_the_same_only_if_every_pixel_is():
    newest = shown("0.30.0", cat=((2, 2), b"abcd"), dog=((1, 1), b"e"))
    older = shown("0.16.3", cat=((2, 2), b"abcx"), dog=((1, 1), b"e"))
    assert table.same_as(newest, older, "dog") and not table.same_as(newest, older, "cat")
    assert not table.same_as(newest, shown("0.18.2"), "dog")  # an image that is missing
    rows = table.lines([older, newest]).splitlines()[2:]
    assert rows[0] == "| 0.30.0 | 5 | 0 | 1 | 2 of 2 | 1 of 1 |"
    assert rows[1] == "| 0.16.3 | 5 | 0 | 1 | 1 of 2 | 1 of 1 |"


def test_an_unknown_version_is_named_before_anything_runs(capsys):
    assert hosts.main(["0.1.0"]) == 2
    told = capsys.readouterr().err
    assert "no ComfyUI 0.1.0" in told and "0.16.3" in told


@pytest.mark.parametrize("before", [None, "/somewhere"])
def test_another_host_is_used_only_within(monkeypatch, tmp_path, before):
    monkeypatch.setattr(hosts, "pinned_source", lambda _version: tmp_path)
    monkeypatch.delenv("COMFYUI_PATH", raising=False)
    if before:
        monkeypatch.setenv("COMFYUI_PATH", before)
    with hosts.host_of("0.16.3"):
        assert os.environ["COMFYUI_PATH"] == str(tmp_path)
    assert os.environ.get("COMFYUI_PATH") == before


def test_the_table_takes_the_place_of_the_former_one_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "FOLDER", tmp_path)
    (tmp_path / "one.json").write_text(json.dumps(shown("0.30.0", cat=1)._asdict()))
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "compatibility.md").read_text("utf-8") + "\nThe end.\n")
    for _ in range(2):
        table.write_table(page)
    text = page.read_text()
    assert text.startswith("# Beside other nodes") and text.endswith("The end.\n")
    assert text.count("| 0.30.0 |") == 1 == text.count(table.BEGIN) == text.count(table.END)
