"""Names of HRV files lead to files in their folders and never out of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrv_pack.hrv.files.file_names import list_names, resolve_name, safe_file_name


def _folders(tmp_path: Path) -> list[Path]:
    folders = [tmp_path / "shipped", tmp_path / "models"]
    for folder in folders:
        (folder / "sub").mkdir(parents=True)
    (folders[0] / "both.safetensors").write_bytes(b"shipped")
    (folders[1] / "both.safetensors").write_bytes(b"models")
    (folders[1] / "sub" / "vase.safetensors").write_bytes(b"vase")
    (folders[1] / "note.txt").write_text("no HRV")
    (tmp_path / "outside.safetensors").write_bytes(b"secret")
    return folders


def test_names_resolve_in_order_and_with_either_slash(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    assert resolve_name("both.safetensors", folders).read_bytes() == b"shipped"
    for name in ("sub/vase.safetensors", "sub\\vase.safetensors", "./sub/vase.safetensors"):
        assert resolve_name(name, folders).read_bytes() == b"vase"
    assert list_names(folders) == ["both.safetensors", "sub/vase.safetensors"]


@pytest.mark.parametrize(
    "name",
    [
        "../outside.safetensors",
        "sub/../../outside.safetensors",
        "..\\outside.safetensors",
        "C:\\outside.safetensors",
        "C:outside.safetensors",
        "\\\\server\\share\\outside.safetensors",
        "/outside.safetensors",
        "sub/a:b.safetensors",
        "both.safetensors\x00.txt",
        "",
        ".",
    ],
)
def test_names_never_lead_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"leads out|not an HRV file|no file name"):
        resolve_name(name, _folders(tmp_path))


@pytest.mark.parametrize("odd", ["a\x00b", "\ud800", "a\udfff"])
def test_what_no_file_system_stores_is_told(tmp_path: Path, odd: str) -> None:
    with pytest.raises(ValueError, match="characters that no file name can have"):
        resolve_name(f"{odd}.safetensors", _folders(tmp_path))
    if "\x00" not in odd:  # told by its letter there
        with pytest.raises(ValueError, match="characters that no file name can have"):
            safe_file_name(odd)


def test_absolute_names_never_lead_out(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    for path in (tmp_path / "outside.safetensors", folders[0] / "both.safetensors"):
        with pytest.raises(ValueError, match="leads out"):
            resolve_name(str(path), folders)


def test_links_never_lead_out(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    (folders[0] / "link.safetensors").symlink_to(tmp_path / "outside.safetensors")
    (folders[0] / "up").symlink_to(tmp_path)
    for name in ("link.safetensors", "up/outside.safetensors"):
        with pytest.raises(ValueError, match="is a link out"):
            resolve_name(name, folders)


def test_a_folder_that_is_itself_a_link_works(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    (tmp_path / "linked").symlink_to(folders[1])
    assert resolve_name("sub/vase.safetensors", [tmp_path / "linked"]).read_bytes() == b"vase"


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"should end in \.safetensors"):
        resolve_name("note.txt", _folders(tmp_path))


def test_a_name_not_there_lists_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Did you mean 'both.safetensors'.*sub/vase"):
        resolve_name("bot.safetensors", _folders(tmp_path))


@pytest.mark.parametrize("name", ["vases", " vases ", "vases.safetensors"])
def test_file_names_get_the_suffix_once(name: str) -> None:
    assert safe_file_name(name) == "vases.safetensors"


def test_file_names_keep_letters_of_every_script() -> None:
    assert safe_file_name("花瓶 v1.2") == "花瓶 v1.2.safetensors"


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", ".safetensors", "..", ".hidden", "end.", "é" * 120),
        *("a/b", "a\\b", "C:a", "a\nb", "a\x00", "what?", "con", "LPT1", "nul.x"),
    ],
)
def test_file_names_that_some_system_refuses_are_errors(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        safe_file_name(name)
