"""The pack's nodes, in the order of the menu, and the entry point that ComfyUI calls."""

from comfy_api.latest import ComfyExtension, io

from . import routes
from .construct.concepts import HRVConcepts, HRVMerge
from .construct.node import HRVConstruct
from .excite.node import AttendExcite
from .explore.node import HRVExplore
from .library.demo import HRVDemoModel
from .library.files import HRVLoad, HRVSave
from .library.inspect import HRVInspect
from .maps.capture import HRVCapture
from .maps.diagnosis import HRVMisreadingDiagnosis
from .maps.selective import HRVSelectiveAttentionMap
from .measure.node import HRVMeasure
from .p2p.nodes import HRVP2PEdit, HRVP2PSplit
from .prompts.nodes import HRVPrompt, HRVTagPrompt
from .sheet.node import HRVSheet
from .simple.node import HRVSteer
from .simple.sweep import HRVStrengthSweep
from .steering.nodes import HRVConceptAdjust, HRVConceptStrengthen, HRVOrderedWeaken
from .steering.word_weight import HRVWordWeight

NODES: list[type[io.ComfyNode]] = [
    HRVSteer,
    HRVLoad,
    HRVSave,
    HRVInspect,
    HRVPrompt,
    HRVTagPrompt,
    HRVWordWeight,
    HRVConceptStrengthen,
    HRVConceptAdjust,
    HRVOrderedWeaken,
    HRVP2PEdit,
    HRVP2PSplit,
    AttendExcite,
    HRVCapture,
    HRVExplore,
    HRVSelectiveAttentionMap,
    HRVMisreadingDiagnosis,
    HRVStrengthSweep,
    HRVSheet,
    HRVConcepts,
    HRVConstruct,
    HRVMerge,
    HRVMeasure,
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
