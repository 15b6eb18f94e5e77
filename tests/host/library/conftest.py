"""A folder of HRV files of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_folder(host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only models/hrv that there is."""
    import folder_paths

    from hrv_pack.nodes.library import folders as library

    kinds = {
        **folder_paths.folder_names_and_paths,
        library.KIND: ([str(tmp_path)], {".safetensors"}),
    }
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", kinds)
    return tmp_path
