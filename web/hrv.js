// Concept menus follow the connected HRV: its file, or the names typed into the node that makes it.
// Warnings of a sampling appear as toasts.
// The server marks the inputs concerned (nodes/library/menus.py), so no node is named here.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";

const HRV_TYPE = "HRV"; // of the slots that vectors pass through
const menus = new Map(); // node type -> what each marked input lists, by the input's name

function noteMenus(definition) {
  const inputs = { ...definition.input?.required, ...definition.input?.optional };
  const marked = Object.entries(inputs).filter(([, spec]) => spec[1]?.hrv_menu);
  const listed = marked.map(([name, spec]) => [name, spec[1].hrv_menu]);
  if (listed.length) menus.set(definition.name, new Map(listed));
}

function menuWidgets(node, listing) {
  const own = menus.get(node.comfyClass);
  return (node.widgets ?? []).filter((widget) => own?.get(widget.name) === listing);
}

const conceptWidgets = (node) => menuWidgets(node, "concepts");
const fileWidget = (node) => menuWidgets(node, "file")[0];
const rowWidgets = (node) => menuWidgets(node, "row"); // each names a vector that the node makes

// The link that brings a node its vectors; of a node with one input, such as a reroute, that one.
function vectorsLink(node) {
  const connected = node.inputs?.filter((slot) => slot.link != null) ?? [];
  const slot = connected.find((each) => each.type === HRV_TYPE) ?? (node.inputs?.length === 1 ? connected[0] : null);
  return slot && (node.graph?.links?.get?.(slot.link) ?? node.graph?.links?.[slot.link]);
}

const asked = new Map();

// Loading a graph makes many links at once: one question per file serves them all.
function conceptsOf(file) {
  if (!asked.has(file)) {
    const url = `/hrv/concepts?file=${encodeURIComponent(file)}`;
    asked.set(file, api.fetchApi(url).then((r) => (r.ok ? r.json() : {})).then((r) => r.concepts));
    setTimeout(() => asked.delete(file), 2000);
  }
  return asked.get(file);
}

// What the node that the vectors come from has, through nodes that pass them on.
function sourceConcepts(node) {
  for (let steps = 0; node && steps < 32; steps += 1) {
    const rows = rowWidgets(node).map((widget) => widget.value.trim()).filter(Boolean);
    if (rows.length) return rows;
    const file = fileWidget(node);
    if (file) return conceptsOf(file.value);
    const link = vectorsLink(node);
    node = link && node.graph.getNodeById(link.origin_id);
  }
  return null;
}

async function refreshMenus(node) {
  const concepts = await sourceConcepts(node);
  if (!concepts) return;
  for (const widget of conceptWidgets(node)) widget.options.values = concepts;
}

function refreshAll(graph) {
  for (const node of graph?._nodes ?? []) if (conceptWidgets(node).length) refreshMenus(node);
}

app.registerExtension({
  name: "HRV",
  setup() {
    api.addEventListener("hrv.warning", (event) => {
      app.extensionManager.toast.add({
        severity: "warn", summary: "HRV", detail: event.detail.message, life: 15000,
      });
    });
  },
  beforeRegisterNodeDef(_type, definition) {
    noteMenus(definition);
  },
  nodeCreated(node) {
    if (conceptWidgets(node).length) {
      const changed = node.onConnectionsChange;
      node.onConnectionsChange = function (...args) {
        const result = changed?.apply(this, args);
        refreshMenus(this);
        return result;
      };
    }
    for (const widget of [fileWidget(node), ...rowWidgets(node)].filter(Boolean)) {
      const callback = widget.callback;
      widget.callback = function (...args) {
        const result = callback?.apply(this, args);
        refreshAll(node.graph);
        return result;
      };
    }
  },
  afterConfigureGraph() {
    refreshAll(app.graph);
  },
});
