// Concept menus follow the wired HRV file, and warnings of a sampling appear as toasts.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";

const CONCEPT_WIDGETS = ["concept", "desired", "undesired"];

function inputLink(node, name) {
  const input = node.inputs?.find((slot) => slot.name === name);
  return input?.link == null ? null : node.graph?.links?.get?.(input.link) ?? node.graph?.links?.[input.link];
}

// The HRV Load node behind an hrv input, through nodes that pass an HRV on.
function sourceFile(node) {
  for (let steps = 0; node && steps < 32; steps += 1) {
    const file = node.widgets?.find((widget) => widget.name === "file");
    if (node.comfyClass === "HRVLoad") return file?.value;
    const link = inputLink(node, "hrv") ?? (node.inputs?.length === 1 ? inputLink(node, node.inputs[0].name) : null);
    node = link && node.graph.getNodeById(link.origin_id);
  }
  return null;
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

async function refreshMenus(node) {
  const file = sourceFile(node);
  const concepts = file && (await conceptsOf(file));
  if (!concepts) return;
  for (const widget of node.widgets ?? []) {
    if (CONCEPT_WIDGETS.includes(widget.name)) widget.options.values = concepts;
  }
}

function refreshAll(graph) {
  for (const node of graph?._nodes ?? []) if (hasConcepts(node)) refreshMenus(node);
}

function hasConcepts(node) {
  return node.comfyClass?.startsWith("HRV") && node.widgets?.some((w) => CONCEPT_WIDGETS.includes(w.name));
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
  nodeCreated(node) {
    if (hasConcepts(node)) {
      const changed = node.onConnectionsChange;
      node.onConnectionsChange = function (...args) {
        const result = changed?.apply(this, args);
        refreshMenus(this);
        return result;
      };
    }
    if (node.comfyClass === "HRVLoad") {
      const file = node.widgets?.find((widget) => widget.name === "file");
      if (!file) return;
      const callback = file.callback;
      file.callback = function (...args) {
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
