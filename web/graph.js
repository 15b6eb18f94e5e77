// Where a value comes from: through reroutes, bypassed nodes, Get and Set nodes, into subgraphs and
// out of them. Slots and links are read only.
import { app } from "../../scripts/app.js";

const ENTRY = -10; // the origin of links that enter a subgraph from outside
const BYPASSED = 4;
const STEPS = 256; // of a walk, should the links run in a circle

const root = () => app.rootGraph ?? app.graph;
const nodesOf = (graph) => graph?.nodes ?? graph?._nodes ?? [];

export function everyNode() {
  const inner = [...(root()?.subgraphs?.values?.() ?? [])];
  return [root(), ...inner].flatMap((graph) => [...nodesOf(graph)]);
}

// A node by the id that the server knows it by: "12", or "3:12" for node 12 of the subgraph in 3.
export function nodeOfRun(id) {
  let graph = root();
  let node = null;
  for (const part of String(id).split(":")) {
    node = graph?.getNodeById(part) ?? graph?.getNodeById(Number(part));
    graph = node?.subgraph;
  }
  return node ?? null;
}

function linkOf(graph, id) {
  return id == null ? null : (graph?.getLink?.(id) ?? graph?.links?.get?.(id) ?? graph?.links?.[id]);
}

const holderOf = (graph) => everyNode().find((node) => node.subgraph === graph);

// The link that a node hands on at one of its outputs: undefined if it makes that value itself.
function handedOn(node, slot) {
  if (node.isVirtualNode && node.inputs?.length !== 0) return node.getInputLink?.(slot) ?? null;
  if (node.isVirtualNode) return node.getInputLink?.(slot) ?? undefined;
  if (node.mode !== BYPASSED) return undefined;
  const type = node.outputs?.[slot]?.type;
  const same = node.inputs?.find((input) => input.type === type && input.link != null);
  return linkOf(node.graph, same?.link);
}

// What feeds an input: {node, slot} that makes the value, or {holder, input} of a subgraph whose
// input stands open, or null where nothing is connected.
export function source(node, input) {
  let graph = node?.graph;
  let link = linkOf(graph, input?.link);
  for (let step = 0; link && step < STEPS; step += 1) {
    if (Number(link.origin_id) === ENTRY) {
      const holder = holderOf(graph);
      const outer = holder?.inputs?.[link.origin_slot];
      if (outer?.link == null) return holder ? { holder, input: outer } : null;
      graph = holder.graph;
      link = linkOf(graph, outer.link);
      continue;
    }
    const origin = graph.getNodeById(link.origin_id);
    if (!origin) return null;
    if (origin.subgraph && origin.mode !== BYPASSED) {
      graph = origin.subgraph;
      link = linkOf(graph, graph.outputs?.[link.origin_slot]?.linkIds?.[0]);
      continue;
    }
    const next = handedOn(origin, link.origin_slot);
    if (next === undefined) return { node: origin, slot: link.origin_slot };
    graph = origin.graph;
    link = next;
  }
  return null;
}

export const inputsOfType = (node, type) =>
  (node?.inputs ?? []).filter((input) => input.type === type && input.link != null);

// The text in a field, wherever it was typed; null where only a run will tell.
export function typedText(node, widget) {
  const input = node.inputs?.find((slot) => slot.widget?.name === widget.name);
  if (input?.link == null) return String(widget.value ?? "");
  const from = source(node, input);
  if (from?.holder) return from.holder.getWidgetFromSlot?.(from.input)?.value ?? null;
  const texts = (from?.node.widgets ?? []).filter((each) => typeof each.value === "string");
  return texts.length === 1 ? texts[0].value : null;
}
