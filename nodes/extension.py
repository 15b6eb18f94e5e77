"""The pack's nodes, in the order of the menu, and the entry point that ComfyUI calls."""

from comfy_api.latest import ComfyExtension, io

from . import routes
from .construct import HRVConstruct
from .demo import HRVDemoModel
from .files import HRVLoad, HRVSave
from .inspection import HRVInspect
from .prompt import HRVPrompt, HRVTagPrompt
from .steer import HRVConceptAdjust, HRVConceptStrengthen, HRVOrderedWeaken

NODES: list[type[io.ComfyNode]] = [
    HRVLoad,
    HRVSave,
    HRVInspect,
    HRVPrompt,
    HRVTagPrompt,
    HRVConceptStrengthen,
    HRVConceptAdjust,
    HRVOrderedWeaken,
    HRVConstruct,
    HRVDemoModel,
]


class HRVExtension(ComfyExtension):
    """Registers the pack's nodes and the routes its page script asks for concept names."""

    async def on_load(self) -> None:
        routes.register()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return NODES


async def comfy_entrypoint() -> HRVExtension:
    return HRVExtension()
