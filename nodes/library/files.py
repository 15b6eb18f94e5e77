"""HRV Load and HRV Save."""

from __future__ import annotations

from pathlib import Path

from comfy_api.latest import io, ui

from ...hrv.files.file_names import safe_file_name
from ...hrv.files.hrv_file import load_relevance, save_relevance
from ...hrv.relevance import HeadRelevance
from ..shared.inputs import CATEGORY, HRV
from . import folders as library
from .choices import DOWNLOAD, choices, path_of
from .menus import FILE


class HRVLoad(io.ComfyNode):
    """Reads an HRV file, or fetches a published one on first use."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVLoad",
            display_name="HRV Load",
            category=CATEGORY,
            description="Loads head relevance vectors: which attention heads of a model know "
            "which concept. Files live in models/hrv; “download” entries are fetched once.",
            inputs=[
                io.Combo.Input(
                    "file",
                    options=choices(),
                    tooltip="Choose the one made for your checkpoint's family.",
                    extra_dict=FILE,
                )
            ],
            outputs=[HRV.Output(display_name="hrv", tooltip="For the HRV nodes.")],
        )

    @classmethod
    def fingerprint_inputs(cls, file: str) -> str:
        """Changes with the file, so that a new version is read again."""
        if file.startswith(DOWNLOAD):
            return file
        try:
            stat = library.find(file).stat()
        except ValueError:
            return file
        return f"{file}:{stat.st_mtime_ns}:{stat.st_size}"

    @classmethod
    def execute(cls, file: str) -> io.NodeOutput:
        return io.NodeOutput(load_relevance(path_of(file)))


class HRVSave(io.ComfyNode):
    """Writes an HRV as one shareable file into models/hrv."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVSave",
            display_name="HRV Save",
            category=CATEGORY,
            description="Saves head relevance vectors into models/hrv as one file to share.",
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
                    tooltip="Off: a file of this name is never replaced; a number is added.",
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
