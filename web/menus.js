// Menus of concepts follow the connected vectors: the concepts of their file, or the names typed
// into the node that makes them.
import { api } from "../../scripts/api.js";
import { inputsOfType, source } from "./graph.js";
import { marked, optionsOf } from "./marks.js";

const MARK = "hrv_menu"; // of an input: "concepts", "file", or "row" of a node that makes vectors
const VECTORS = "HRV";
const MODEL = "MODEL";
const WEIGHTS = /\.(safetensors|ckpt|pt)$/i; // how the name of a loaded file ends
const STEPS = 32;
const FRESH = 2000; // milliseconds in which a file's concepts are not asked for again

const listing = (node, what) =>
  marked(node, MARK).filter((widget) => optionsOf(node, widget.name)[MARK] === what);

const known = new Map(); // what was asked for -> { concepts, asked }
const told = []; // who wants to hear that a file's concepts have come

export const onConcepts = (callback) => told.push(callback);

// The concepts of a file as far as known; asks the server again now and then, for the next time.
function conceptsOf(file, loader) {
  const question = String(new URLSearchParams({ file, ...loader }));
  const entry = known.get(question) ?? {};
  if (!(Date.now() - entry.asked < FRESH)) {
    known.set(question, { ...entry, asked: Date.now() });
    ask(question).catch(() => entry.concepts).then((concepts) => {
      known.set(question, { concepts, asked: Date.now() });
      if (String(concepts) !== String(entry.concepts)) for (const callback of told) callback();
    });
  }
  return entry.concepts;
}

async function ask(question) {
  const answer = await api.fetchApi(`/hrv/concepts?${question}`);
  return answer.ok ? (await answer.json()).concepts : undefined;
}

// What loads the model that a node is connected to, and the file that it names.
function loaderOf(node) {
  let from = source(node, inputsOfType(node, MODEL)[0])?.node;
  for (let step = 0; from && step < STEPS; step += 1) {
    const [input] = inputsOfType(from, MODEL);
    if (!input) {
      const names = (from.widgets ?? []).map((widget) => String(widget.value));
      const checkpoint = names.find((name) => WEIGHTS.test(name)) ?? "";
      return { loader: from.comfyClass ?? from.type, checkpoint };
    }
    from = source(from, input)?.node;
  }
  return {};
}

// What the vectors of a node list: undefined where it is not known.
export function conceptsFor(node) {
  for (let step = 0; node && step < STEPS; step += 1) {
    const rows = listing(node, "row").map((widget) => String(widget.value).trim()).filter(Boolean);
    if (rows.length) return rows;
    const [file] = listing(node, "file");
    if (file) return conceptsOf(file.value, loaderOf(node));
    node = source(node, inputsOfType(node, VECTORS)[0])?.node;
  }
  return undefined;
}

// The host reads a list that is a function each time a menu opens. It must take no parameters:
// the page counts them where it looks for a list's length.
function follow(node, widget) {
  const every = widget.options.values;
  if (typeof every === "function") return;
  const first = optionsOf(node, widget.name).hrv_first; // a choice that is no concept
  const listed = (concepts) => (first === undefined ? concepts : [first, ...concepts]);
  widget.options.values = () => {
    const concepts = conceptsFor(node);
    return concepts ? listed(concepts) : every;
  };
}

// A menu that nobody has touched takes the first of the connected vectors' concepts that is free.
function choose(node) {
  const concepts = conceptsFor(node);
  const menus = listing(node, "concepts");
  for (const widget of menus) {
    const untouched = widget.value === optionsOf(node, widget.name).default;
    if (concepts?.length && untouched && !concepts.includes(widget.value)) {
      const taken = menus.filter((other) => other !== widget).map((other) => other.value);
      widget.value = concepts.find((concept) => !taken.includes(concept)) ?? concepts[0];
    }
  }
}

export function setUpMenus(node) {
  for (const widget of listing(node, "concepts")) follow(node, widget);
}

// After a change of the graph: what a menu will show is asked for before it is opened.
export function refreshMenus(node) {
  if (listing(node, "concepts").length) choose(node);
}

// After the page has put the server's lists into all menus (the R key): all is asked for again, and
// until the answers come menus list what was known.
export function forgetConcepts() {
  for (const entry of known.values()) entry.asked = undefined;
}
