"""HRV Load and HRV Save."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comfy_api.latest import io, ui

from ...hrv.files.file_names import safe_file_name
from ...hrv.files.hrv_file import save_relevance
from ...hrv.relevance import HeadRelevance
from ..shared.inputs import CATEGORY, HRV
from ..shared.notify import node_id, show_text
from . import folders as library
from .choices import AUTO, check, choices, listing
from .compatibility import loaded
from .fitting import best_choice
from .menus import FILE

_NOT_CONNECTED = object()
_ASK_FOR_MODEL = (
    "auto finds the file that fits your model: connect the checkpoint's MODEL to HRV Load, or "
    "choose a file."
)


class HRVLoad(io.ComfyNode):
    """Reads the HRV file of a model or a chosen one, or fetches a published one on first use."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVLoad",
            display_name="HRV Load",
            category=CATEGORY,
            search_aliases=["head relevance vectors", "attention heads", "concept vectors"],
            description="Loads head relevance vectors (HRVs): how strongly each attention head of "
            "a model responds to each concept. Files are read from models/hrv; “download:” entries "
            "are fetched once.",
            inputs=[
                io.Combo.Input(
                    "file",
                    options=[AUTO, *choices()],
                    tooltip="auto: the file that fits the model connected here. Or choose one "
                    "made for your checkpoint's family.",
                    extra_dict=FILE,
                ),
                io.Model.Input(
                    "model",
                    optional=True,
                    tooltip="The model to steer; auto finds the file for it. It is not changed.",
                ),
            ],
            outputs=[HRV.Output(display_name="hrv", tooltip="For the HRV nodes.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, file: str, model: Any = _NOT_CONNECTED) -> bool | str:
        """Whether there is such a file, and a model where one is to be found for it."""
        if file == AUTO:
            return _ASK_FOR_MODEL if model is _NOT_CONNECTED else True
        try:
            check(file)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, file: str, model: Any = None) -> str:
        """Changes with the file, so that a new version is read again; for auto with any file."""
        if file == AUTO:
            return listing()
        try:
            stat = library.find(file).stat()
        except ValueError:
            return file
        return f"{file}:{stat.st_mtime_ns}:{stat.st_size}"

    @classmethod
    def execute(cls, file: str, model: Any = None) -> io.NodeOutput:
        if file == AUTO:
            if model is None:
                raise ValueError(_ASK_FOR_MODEL)
            file = best_choice(model)
            show_text(file, node_id(cls))
        return io.NodeOutput(loaded(file, model))


class HRVSave(io.ComfyNode):
    """Writes an HRV as one shareable file into models/hrv."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVSave",
            display_name="HRV Save",
            category=CATEGORY,
            search_aliases=["save vectors", "head relevance vectors"],
            description="Saves head relevance vectors to models/hrv as a single, shareable file.",
            inputs=[
                HRV.Input("hrv", tooltip="What to save."),
                io.String.Input(
                    "name",
                    default="my concepts",
                    tooltip="The file's name; HRV Load will list it.",
                ),
                io.Boolean.Input(
                    "overwrite",
                    default=False,
                    tooltip="Off: if the name is taken, a number is added. On: the existing file "
                    "is replaced.",
                ),
            ],
            outputs=[HRV.Output(display_name="hrv", tooltip="The same vectors.")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, hrv: HeadRelevance, name: str, overwrite: bool = False) -> io.NodeOutput:
        folder = library.own_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / safe_file_name(name)
        if not overwrite:
            path = _unused(path)
        save_relevance(path, hrv)
        return io.NodeOutput(hrv, ui=ui.PreviewText(f"saved as {path.name} in models/hrv"))


def _unused(path: Path) -> Path:
    """`path`, or with a number added where it is taken."""
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_name(f"{path.stem} {number}{path.suffix}")
        number += 1
    return candidate
