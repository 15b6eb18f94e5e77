"""The pack as the package `hrv_pack`, and the host where there is one."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
AUTHORS = "HRV_AUTHORS_DATA"


def _register_pack() -> None:
    # With the root on sys.path our nodes/ would shadow the host's nodes.py.
    pack = ModuleType("hrv_pack")
    pack.__path__ = [str(ROOT)]
    sys.modules["hrv_pack"] = pack


def _host_folder() -> Path | None:
    chosen = os.environ.get("COMFYUI_PATH")
    pinned = import_module("hrv_pack.tools.host").host_dir() / "ComfyUI"
    folder = Path(chosen).expanduser() if chosen else pinned
    return folder if (folder / "comfy" / "model_management.py").is_file() else None


def _prepare_host(folder: Path) -> None:
    """Put the host on sys.path and keep it on the CPU, before anything of it is imported."""
    sys.path.insert(0, str(folder))
    import comfy.options

    comfy.options.enable_args_parsing(False)
    import comfy.cli_args

    comfy.cli_args.args.cpu = True
    import_module("utils.extra_config")  # as main.py does, before a `utils` of another folder is


_register_pack()
HOST = _host_folder()
if HOST is not None:
    _prepare_host(HOST)


@pytest.fixture(scope="session")
def host() -> Path:
    """The folder of the host; skips where there is none."""
    if HOST is None:
        pytest.skip("needs ComfyUI: set COMFYUI_PATH or run `make host`")
    return HOST


@pytest.fixture(scope="session")
def authors() -> Path:
    """The folder of the published vectors, which the user names; skips where none is named."""
    named = os.environ.get(AUTHORS)
    if not named:
        pytest.skip(f"needs the papers' vectors: set {AUTHORS} to a clone of SNU-DRL/HRV")
    folder = Path(named).expanduser().resolve()
    if not folder.is_dir():
        pytest.fail(f"{AUTHORS} names {folder}, which is no folder")
    return folder


@pytest.fixture(scope="session")
def sd1_tokenizer(host: Path):
    """The host's tokenizer of SD1.x."""
    from comfy.sd1_clip import SD1Tokenizer

    return SD1Tokenizer()


@pytest.fixture(scope="session")
def sdxl_tokenizer(host: Path):
    """The host's pair of tokenizers of SDXL."""
    from comfy.sdxl_clip import SDXLTokenizer

    return SDXLTokenizer()
