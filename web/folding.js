// In the classic renderer the page shows every advanced field; here they fold away as in Nodes 2.0.
import { optionsOf } from "./marks.js";
import { say } from "./spoken.js";

const buttons = new WeakMap(); // node -> the button that unfolds its fields

const classic = () => !window.LiteGraph?.vueNodesMode;
const advanced = (node) => (node.widgets ?? []).filter((widget) => widget.options?.advanced);
const linked = (node, widget) =>
  node.inputs?.some((input) => input.widget?.name === widget.name && input.link != null);

function label(node) {
  const count = advanced(node).filter((widget) => widget.serialize !== false).length;
  if (node.showAdvanced) return say("fewer settings");
  return count === 1 ? say("1 more setting") : say("{count} more settings", { count });
}

export function setUpFolding(node) {
  if (!advanced(node).length) return;
  const unfold = () => {
    node.showAdvanced = !node.showAdvanced;
    refold(node);
    node.setSize([node.size[0], node.computeSize()[1]]);
  };
  const button = node.addWidget("button", "more settings", null, unfold, { serialize: false });
  button.serialize = false;
  buttons.set(node, button);
  refold(node);
  if (classic()) node.setSize([node.size[0], node.computeSize()[1]]); // a new one, no higher than needed
}

// Hides and shows by what holds now: the renderer, the button, links into fields.
export function refold(node) {
  const button = buttons.get(node);
  if (!button) return;
  for (const widget of advanced(node)) {
    const hidden = classic() && !node.showAdvanced && !linked(node, widget);
    for (const each of [widget, ...(widget.linkedWidgets ?? [])]) each.hidden = hidden;
  }
  button.label = label(node);
  button.hidden = !classic();
  button.options.hidden = !classic(); // Nodes 2.0 has a button of its own
}

// A workflow in which a folded field was changed opens unfolded.
export function unfoldChanged(node) {
  const changed = advanced(node).some((widget) => {
    const { default: plain } = optionsOf(node, widget.name);
    return plain !== undefined && widget.value !== plain;
  });
  if (changed && node.showAdvanced === undefined) node.showAdvanced = true;
  refold(node);
}
