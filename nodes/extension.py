"""The pack's nodes, in the order of the menu, and the entry point that ComfyUI calls."""

from comfy_api.latest import ComfyExtension, io

from . import routes
from .capture import HRVCapture
from .concepts import HRVConcepts, HRVMerge
from .construct import HRVConstruct
from .demo import HRVDemoModel
from .diagnosis import HRVMisreadingDiagnosis
from .excite import AttendExcite
from .files import HRVLoad, HRVSave
from .inspection import HRVInspect
from .maps import HRVSelectiveAttentionMap
from .p2p import HRVP2PEdit, HRVP2PSplit
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
    HRVP2PEdit,
    HRVP2PSplit,
    AttendExcite,
    HRVCapture,
    HRVSelectiveAttentionMap,
    HRVMisreadingDiagnosis,
    HRVConcepts,
    HRVConstruct,
    HRVMerge,
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
