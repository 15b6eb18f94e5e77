// In the classic renderer the page shows every advanced field; here they fold away as in Nodes 2.0.
import { optionsOf } from "./marks.js";

const name = (node, count) =>
  node.showAdvanced ? "fewer settings" : `${count} more setting${count === 1 ? "" : "s"}`;
const classic = () => !window.LiteGraph?.vueNodesMode;
const linked = (node, widget) =>
  node.inputs?.some((input) => input.widget?.name === widget.name && input.link != null);

export function setUpFolding(node) {
  const advanced = (node.widgets ?? []).filter((widget) => widget.options?.advanced);
  const fine = advanced.flatMap((widget) => [widget, ...(widget.linkedWidgets ?? [])]);
  if (!fine.length) return;
  const hide = (widget, when) =>
    Object.defineProperty(widget, "hidden", { get: when, set() {}, configurable: true });
  for (const widget of fine) {
    hide(widget, () => classic() && !node.showAdvanced && !linked(node, widget));
  }
  const count = advanced.filter((widget) => widget.serialize !== false).length;
  const button = node.addWidget("button", name(node, count), null, () => {
    node.showAdvanced = !node.showAdvanced;
    button.label = name(node, count);
    node.setSize([node.size[0], node.computeSize()[1]]);
  }, { serialize: false });
  button.serialize = false;
  hide(button, () => !classic());
  Object.defineProperty(button.options, "hidden", { get: () => !classic(), enumerable: true });
}

// A workflow in which a folded field was changed opens unfolded.
export function unfoldChanged(node) {
  const changed = (node.widgets ?? []).some((widget) => {
    const { default: plain, advanced } = optionsOf(node, widget.name);
    return advanced && plain !== undefined && widget.value !== plain;
  });
  if (changed && node.showAdvanced === undefined) node.showAdvanced = true;
}
