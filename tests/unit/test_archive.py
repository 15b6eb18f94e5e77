"""What the Comfy registry gets, git's files without .comfyignore's, loads, is small and clean."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from PIL import Image
from source import graph, modules

from hrv_pack.tools.host import ROOT

MODEL = "pretrained/demo_model.safetensors"
NAME = "hrv-steering"  # what users have: the folder in custom_nodes, the heading of the templates
# The registry's scan looks for words, in comments too; a version with a finding is held back.
ALARMS = re.compile(
    r"(?<!re\.)\b(?:eval|exec|compile|__import__)\s*\(|\b(?:subprocess|pickle|marshal|importlib|runpy|ctypes"
    r"|urllib|http\.client|requests|aiohttp|socket|ftplib|sqlite3|base64|codecs|os\.(?:environ|system"
    r"|popen))\b|new Function|innerHTML|document\.write"
)
# {file: words} that must be there: what fetches published vectors when a user asks for them, and
# the routes by which the page asks the pack.
KNOWN = {
    "hrv/files/download.py": {"http.client", "urllib"},
    "nodes/routes.py": {"aiohttp"},
}
LOAD = """
import asyncio, json, sys
sys.path.insert(0, sys.argv[1])
import comfy.options
comfy.options.enable_args_parsing(False)
import comfy.cli_args
comfy.cli_args.args.cpu, comfy.cli_args.args.base_directory = True, sys.argv[2]
import nodes, server

async def load():
    server.PromptServer(asyncio.get_running_loop())
    assert await nodes.load_custom_node(sys.argv[3])

asyncio.run(load())
assert len(nodes.NODE_CLASS_MAPPINGS["HRVDemoModel"].execute().args) == 3
print(json.dumps([key for key in nodes.NODE_CLASS_MAPPINGS if key.startswith("HRV")]))
"""


def listed(*arguments: str) -> set[str]:
    command = ["git", "ls-files", "-z", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("needs the git repository")
    return {name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def packed() -> set[str]:
    """The files that `comfy node publish` packs."""
    return listed() - listed("-ci", "-X", ".comfyignore")


def alarms(name: str) -> set[str]:
    return {match[0] for match in ALARMS.finditer((ROOT / name).read_text("utf-8"))}


def test_everything_that_a_packed_module_imports_is_packed(packed):
    parts = modules(ROOT, ("hrv", "nodes", "demo"))
    paths = {module.name: module.path for module in parts}
    edges, needed, new = graph(parts), set[str](), {"nodes.extension"}
    while new:
        needed |= new
        new = {target for name in new for target in edges[name]} - needed
    assert sorted(paths[name] for name in needed if paths[name] not in packed) == []
    assert {name for name in packed if name.endswith(".py")} >= {"__init__.py"}


def test_nothing_for_developers_is_packed(packed):
    folders = {name.partition("/")[0] for name in packed}
    assert folders & {"benchmarks", "docs", "requirements", "tests", "tools"} == set()
    assert {"LICENSE", "README.md", "pyproject.toml", "requirements.txt", MODEL} <= packed
    assert {"subgraphs", "web", "workflows"} <= folders


def test_every_help_page_is_packed_with_its_images(packed):
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "web" / "docs").iterdir()}
    assert len(there) > 20
    assert there <= packed


def test_the_pages_languages_are_packed_without_their_tables(packed):
    languages = {path.name for path in (ROOT / "locales").iterdir() if path.is_dir()}
    assert len(languages) == 8
    files = {f"locales/{each}/{name}.json" for each in languages for name in ("main", "nodeDefs")}
    assert {name for name in packed if name.startswith("locales/")} == files


def test_the_archive_is_small(packed, tmp_path):
    def size(names: set[str]) -> int:
        with zipfile.ZipFile(tmp_path / "pack.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.write(ROOT / name, name)
        return (tmp_path / "pack.zip").stat().st_size

    without = size(packed - {MODEL})
    assert without < 1.5e6
    assert without + (ROOT / MODEL).stat().st_size < 25e6


def test_no_word_raises_the_registrys_alarm(packed):
    found = {name: alarms(name) for name in packed if name.endswith((".py", ".js"))}
    assert {name: hits for name, hits in found.items() if hits} == KNOWN


def test_the_archive_loads_in_comfyui_with_all_nodes_and_the_demo_model(host, packed, tmp_path):
    pack = tmp_path / "custom_nodes" / NAME
    for name in packed:
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, pack / name)
    command = [sys.executable, "-c", LOAD, str(host), str(tmp_path), str(pack)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    source = (ROOT / "nodes" / "extension.py").read_text("utf-8")
    classes = re.findall(r"^    (\w+),$", source.partition("NODES")[2], re.MULTILINE)
    assert len(json.loads(done.stdout.splitlines()[-1])) == len(classes) > 15


def test_the_registrys_fields_are_what_it_asks_for():
    tomllib = pytest.importorskip("tomllib")  # of Python 3.11
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, comfy = told["project"], told["tool"]["comfy"]
    assert project["name"] == NAME and "comfyui" not in NAME
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"])
    assert set(comfy) == {"PublisherId", "DisplayName", "Icon", "requires-comfyui"}
    assert set(project["urls"]) == {"Repository", "Documentation", "Bug Tracker"}
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## {project['version']}\n" in changes
    with Image.open(ROOT / "docs" / "icon.png") as icon:
        assert icon.width == icon.height <= 400
