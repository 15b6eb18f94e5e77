"""Tests run in forks of one process that has torch and ComfyUI but nothing of the pack imported.

So each fork imports the pack anew, one of its modules from a changed tree if that is asked for, and
costs what the tests cost.
"""

from __future__ import annotations

import ast
import os
import resource
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from ..host import ROOT, ensure

PACK = "hrv_pack"
WARM = (
    *("torch", "numpy", "scipy.ndimage", "matplotlib.figure", "PIL.Image", "safetensors.torch"),
    *("transformers", "yaml", "filelock", "pytest", "_pytest.assertion.rewrite"),
    *("comfy.sd", "comfy.samplers", "comfy.sample", "comfy_api.latest", "folder_paths", "nodes"),
)
BYTES = 16 * 2**30
"""What one fork may hold; a change may well ask for more and more."""
Outcome = int
"""pytest's exit code; below 0: the signal that ended the fork."""


def warm() -> None:
    """Import what every test needs and no mutant touches."""
    sys.path.insert(0, str(ensure().source))  # before our own `nodes`
    os.environ.setdefault("MPLBACKEND", "agg")
    import_module("comfy.options").enable_args_parsing(False)
    import_module("comfy.cli_args").args.cpu = True
    for name in WARM:
        import_module(name)
    assert not any(name.startswith(f"{PACK}.") for name in sys.modules)
    import_module("torch").set_num_threads(1)


def in_fork(work: Callable[[], int], log: Path, seconds: int = 600) -> Outcome:
    """`work` in a fork that may compute so long, its output in `log`."""
    child = os.fork()
    if child == 0:
        try:
            _confined(log, seconds)
            code = work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            code = 70
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _confined(log: Path, seconds: int) -> None:
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def run_tests(names: Sequence[str], plugins: Sequence[Any] = (), stop: bool = True) -> Outcome:
    """Run tests of these names in this process."""
    pytest = import_module("pytest")
    options = ["-q", "-p", "no:faulthandler", "-m", "not slow", *(["-x"] if stop else [])]
    return int(pytest.main([*options, *names], plugins=list(plugins)))


def import_changed(file: str, tree: ast.Module) -> None:
    """From now on the module in `file`, below the pack's folder, is imported from `tree`."""
    place, original = str(ROOT / file), SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        if str(Path(loader.path)) == place:
            code: CodeType = compile(tree, place, "exec", dont_inherit=True)
            return code
        return original(loader, name)

    setattr(SourceFileLoader, "get_code", get_code)  # noqa: B010 - in every loader at once
