// Small pieces of page: elements made from text, and elements as fields of a node in both renderers.
import { app } from "../../scripts/app.js";

const MARGIN = 6;
const LINE = 20;
const STYLE = `
.hrv-field { box-sizing: border-box; overflow: hidden auto; font: 12px/1.4 sans-serif;
  color: var(--input-text, #ddd); scrollbar-width: thin; }
.hrv-words { display: flex; flex-wrap: wrap; gap: 3px; padding: 2px 8px; }
.hrv-words button { font: inherit; line-height: 1.3; padding: 1px 8px; border-radius: 9px;
  border: 1px solid var(--border-color, #4e4e4e); background: var(--comfy-input-bg, #222);
  color: inherit; cursor: pointer; }
.hrv-words button:hover { border-color: #64a8ff; }
.hrv-words button[aria-pressed="true"] { background: #2563c9; border-color: #2563c9; color: #fff; }
.hrv-words sub { opacity: .7; font-size: 9px; }
.hrv-words p { margin: 0; flex: 1 1 100%; }
.hrv-hint { color: var(--descrip-text, #999); }
.hrv-missing { color: var(--error-text, #ff6b6b); }
.hrv-text { white-space: pre-wrap; overflow-wrap: anywhere; padding: 4px 8px; user-select: text;
  font-family: ui-monospace, monospace; font-size: 11px; background: var(--comfy-input-bg, #222);
  border-radius: 6px; }
`;

function style() {
  if (document.getElementById("hrv-style")) return;
  const sheet = element("style", { id: "hrv-style" }, STYLE);
  document.head.append(sheet);
}

// An element with properties and children; strings become text, never markup.
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// A field of a node that shows an element as high as its content, up to `most` pixels; it is not
// saved. Behind the field `after` it keeps that height; else it is the node's last and may grow.
// Returns the element to fill.
export function addField(node, name, { className, most, after, advanced }) {
  style();
  const inner = element("div", { className });
  const outer = element("div", { className: "hrv-field" }, inner);
  const height = () => Math.min(most, Math.max(LINE, inner.offsetHeight)) + 2 * MARGIN;
  // the classic page would hide it where a graph is seen from afar, as templates are when they open
  const shown = { hideOnZoom: false, advanced };
  const options = { serialize: false, margin: MARGIN, getMinHeight: height, ...shown };
  const widget = node.addDOMWidget(name, "HRV_VIEW", outer, options);
  widget.serialize = false;
  if (after) {
    outer.style.maxHeight = `${most}px`;
    widget.computeLayoutSize = undefined; // the page would share out a node's free height
    widget.computeSize = (width) => [width ?? node.size[0], height()];
    moveBehind(node, widget, after);
  }
  new ResizeObserver(() => fit(node)).observe(inner);
  return inner;
}

function moveBehind(node, widget, after) {
  const { widgets } = node;
  widgets.splice(widgets.indexOf(widget), 1);
  widgets.splice(widgets.indexOf(after) + 1, 0, widget);
}

// Makes the node as high as its fields need; it never shrinks what somebody drew larger.
export function fit(node) {
  const [, needed] = node.computeSize();
  if (needed > node.size[1]) node.setSize([node.size[0], needed]);
  app.canvas?.setDirty(true, true);
}

// Fields that are not saved leave holes in the list of saved values, which the page would read
// back into the wrong fields.
export function saveWithoutHoles(node) {
  const { onSerialize } = node;
  node.onSerialize = function (saved, ...rest) {
    const result = onSerialize?.call(this, saved, ...rest);
    if (Array.isArray(saved.widgets_values)) {
      saved.widgets_values = saved.widgets_values.filter((_value, place, all) => place in all);
    }
    return result;
  };
}
