"""Where HRV files live: ComfyUI's models/hrv (extra model paths included) and our pretrained/."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import folder_paths

from ...hrv.files.file_names import list_names, resolve_name
from ...hrv.files.hrv_file import Header, load_relevance, read_header
from ...hrv.relevance import HeadRelevance

KIND = "hrv"
PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
HRV_SUFFIX = ".hrv.safetensors"

# The 34 concepts of the HRV paper (arXiv 2412.02237, Table 3), for menus before a file is known.
_PAPER = (
    "Animals, Plants, Fruits and Vegetables, People, Vehicles, Buildings, Furniture, Electronics, "
    "Clothing, Accessories, Tools, Toys, Food and Beverages, Books and Documents, "
    "Sports Equipment, Musical Instruments, Written Characters, Color, Shape, Texture, Size, "
    "Counting, Image Style, Material, Lighting Conditions, Facial Expressions, Facial Features, "
    "Poses and Gestures, Nature Scenes, Weather Conditions, Time of Day, Geo-locations, "
    "Brand Logos, Geometric Patterns"
)
PAPER_CONCEPTS = _PAPER.split(", ")


def _register_folder() -> None:
    """Make models/hrv known to ComfyUI, for .safetensors only."""
    folder_paths.add_model_folder_path(KIND, str(Path(folder_paths.models_dir) / KIND))
    folder_paths.folder_names_and_paths[KIND][1].add(".safetensors")


def folders() -> list[str]:
    """Every folder searched for HRV files, the user's before ours."""
    return [*folder_paths.get_folder_paths(KIND), str(PRETRAINED)]


def own_folder() -> Path:
    """The folder that new HRV files are written to."""
    return Path(folder_paths.get_folder_paths(KIND)[0])


def names() -> list[str]:
    """HRV files to choose from."""
    own = list_names(folder_paths.get_folder_paths(KIND))
    shipped = [name for name in list_names([PRETRAINED]) if name.endswith(HRV_SUFFIX)]
    return sorted({*own, *shipped})


def find(name: str) -> Path:
    """The path of a listed HRV file; ValueError for a name outside the HRV folders."""
    return resolve_name(name, folders())


def load(name: str) -> HeadRelevance:
    """The head relevance vectors of a listed file, all of it checked."""
    return load_relevance(find(name))


def concepts_in(name: str) -> list[str]:
    """The concepts of a listed file, without reading its vectors."""
    return list(read_header(find(name)).concepts)


def header(name: str) -> Header | None:
    """The header of a listed file; None for a damaged one, which says so when it is chosen."""
    path = find(name)
    return _header(path, path.stat().st_mtime_ns)


def is_shipped(name: str) -> bool:
    """Whether a listed file is one that comes with the pack."""
    return find(name).is_relative_to(PRETRAINED)


def known_concepts() -> list[str]:
    """Concept names for menus: those of every readable file, then the paper's."""
    found = dict.fromkeys(PAPER_CONCEPTS)
    for known in filter(None, map(header, names())):
        found.update(dict.fromkeys(known.concepts))
    return list(found)


@lru_cache(maxsize=1024)
def _header(path: Path, _changed: int) -> Header | None:
    """A file's header, read once until it changes: menus ask again with every refresh."""
    try:
        return read_header(path)
    except ValueError:
        return None


_register_folder()  # menus list its files as soon as the pack is loaded
