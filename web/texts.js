// What a node has to say stands on the node: while it runs, afterwards, and after a reload.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { addField } from "./elements.js";
import { nodeOfRun } from "./graph.js";

const EVENT = "hrv.text";
const KEPT = "HRV text"; // the node's property that keeps it, saved with the workflow
const LONGEST = 8000;
const HIGHEST = 190;

const views = new WeakMap(); // node -> the element with its text

export function listenForTexts() {
  api.addEventListener(EVENT, ({ detail }) => tell(nodeOfRun(detail.node), detail.text));
  api.addEventListener("execution_success", keep);
}

// The page keeps an open workflow for a reload when somebody clicks; here, what a run has told too.
function keep() {
  const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
  (tracker?.captureCanvasState ?? tracker?.checkState)?.call(tracker);
}

export function setUpText(node) {
  const { onExecuted } = node;
  node.onExecuted = function (output, ...rest) {
    const result = onExecuted?.call(this, output, ...rest);
    if (output?.text) tell(this, [output.text].flat().join("\n"));
    return result;
  };
}

// The text that was saved with a workflow.
export const recall = (node) => tell(node, node.properties?.[KEPT]);

function tell(node, text) {
  if (!node || !text) return;
  const shown = text.slice(0, LONGEST);
  node.properties[KEPT] = shown;
  if (!views.has(node)) {
    const inner = addField(node, "what it says", { className: "hrv-text", most: HIGHEST });
    views.set(node, inner);
  }
  views.get(node).textContent = shown;
}
