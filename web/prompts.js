// The prompts that a node's words belong to: its own text, or what it is connected to.
import { inputsOfType, source, typedText } from "./graph.js";
import { marked } from "./marks.js";

const TEXT = "hrv_prompt"; // of the field that holds a prompt
const CONDITIONING = "CONDITIONING";
const DEPTH = 64;

// The texts of the prompts behind the named inputs; null for one that only a run will tell.
export const promptTexts = (node, names) => [...promptsBehind(node, names).values()];

// The same by the nodes in which they are typed.
export function promptsBehind(node, names) {
  const found = new Map(); // node -> text: a prompt that is reached twice counts once
  for (const name of names) {
    const field = node.widgets?.find((widget) => widget.name === name);
    const input = node.inputs?.find((each) => each.name === name);
    if (field) found.set(node, typedText(node, field));
    else gather(source(node, input), found, DEPTH);
  }
  return found;
}

function gather(from, found, depth) {
  if (!from?.node || found.has(from.node) || !depth) return;
  const [field] = marked(from.node, TEXT);
  if (field) {
    found.set(from.node, typedText(from.node, field));
    return;
  }
  for (const input of inputsBehind(from)) gather(source(from.node, input), found, depth - 1);
}

// A node with "positive" in and "positive" out hands each on by its name; others mix all they get.
function inputsBehind({ node, slot }) {
  const connected = inputsOfType(node, CONDITIONING);
  const name = node.outputs?.[slot]?.name;
  const same = connected.filter((input) => input.name === name);
  return same.length ? same : connected;
}
