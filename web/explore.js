// Where the words of a prompt act: point at a word or at a place of the image; choose whose heads
// count. All heads' maps are on the server, so nothing is sampled again.
import { api } from "../../scripts/api.js";
import { MARK as WORDS, chip, having, phrases, setValue, spelt } from "./chips.js";
import { addField, element } from "./elements.js";
import { everyNode, source } from "./graph.js";
import { askMaps, drawHeat, readMaps, wordsAt } from "./heat.js";
import { isOurs, marked, optionsOf } from "./marks.js";
import { promptsBehind } from "./prompts.js";
import { called, say } from "./spoken.js";

const MARK = "hrv_explored"; // of the input with the maps, and of what the node tells of a run
const KEPT = "HRV explored"; // the node's property that keeps what is looked at, with the workflow
const FIRST = () => say("Run to see where each word of the prompt acts.");
const HINT = () =>
  say("Point at a word to see where it acts; click to keep it. Point at the image to see its words.");
const CONNECT = () => say("Connect an HRV to look through the heads of a concept.");
const GONE = () => say("The image of this run is no longer kept. Run again to see it.");
const WIDE = 380;
const HIGHEST = 4000;
const RANKED = 5; // words told of a place
const SHARE = 0.25; // of the heads, until somebody chooses
const PAUSE = 120; // milliseconds in which the slider's changes are gathered
const STEP = 1 / 16; // of the image, for an arrow key
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

const STYLE = `
.hrv-explore { display: flex; flex-direction: column; gap: 6px; }
.hrv-explore > * { flex: none; }
.hrv-explore .hrv-words { padding: 0; max-height: 92px; overflow: hidden auto; }
.hrv-explore .hrv-words button.hrv-lit { border-color: #f98c0a; box-shadow: 0 0 0 1px #f98c0a; }
.hrv-explore button:focus-visible, .hrv-stage:focus-visible { outline: 2px solid #64a8ff; outline-offset: 1px; }
.hrv-stage { position: relative; border-radius: 6px; overflow: hidden; cursor: crosshair; line-height: 0; }
.hrv-stage img { width: 100%; display: block; user-select: none; }
.hrv-stage.hrv-hot img { filter: grayscale(.8) brightness(.8); }
.hrv-stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.hrv-stage i { position: absolute; width: 12px; height: 12px; margin: -6px; border: 2px solid #fff;
  border-radius: 50%; box-shadow: 0 0 3px #000; pointer-events: none; box-sizing: border-box; }
.hrv-ranks { margin: 0; padding: 0; list-style: none; overflow: hidden; height: ${RANKED * 18}px; }
.hrv-ranks li { display: grid; grid-template-columns: 32% 1fr 44px; gap: 8px; height: 18px; align-items: center; }
.hrv-ranks b { font-weight: 500; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.hrv-ranks u { height: 8px; border-radius: 4px; min-width: 2px; background: linear-gradient(90deg, #bb3754, #f98c0a); }
.hrv-ranks span { text-align: right; font-variant-numeric: tabular-nums; }
.hrv-line { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: center; }
.hrv-line select, .hrv-line button { font: inherit; color: inherit; background: var(--comfy-input-bg, #222);
  border: 1px solid var(--border-color, #4e4e4e); border-radius: 6px; padding: 2px 8px; max-width: 100%; }
.hrv-line button { cursor: pointer; }
.hrv-line button:hover { border-color: #64a8ff; }
.hrv-line input { flex: 1 1 90px; min-width: 60px; accent-color: #f98c0a; }
.hrv-line span { font-variant-numeric: tabular-nums; }
.hrv-explore p { margin: 0; }
.hrv-explore [hidden] { display: none; }
`;
document.head.append(element("style", {}, STYLE));

const views = new WeakMap(); // node -> its View

const slots = (node) => (node.inputs ?? []).filter((input) => optionsOf(node, input.name)[MARK]);

export function setUpExplore(node) {
  if (!slots(node).length) return;
  const view = new View(node);
  views.set(node, view);
  const { onExecuted, onConfigure } = node;
  node.onExecuted = function (output, ...rest) {
    const result = onExecuted?.call(this, output, ...rest);
    if (output?.[MARK]) view.open(output[MARK]);
    return result;
  };
  node.onConfigure = function (...given) {
    const result = onConfigure?.apply(this, given);
    view.recall();
    return result;
  };
}

// After a change of the graph: what a kept word could steer may have come or gone.
export const refreshExplore = (node) => views.get(node)?.layUses();

class View {
  constructor(node) {
    this.node = node;
    this.maps = null;
    this.asked = 0; // questions so far: only the last one's answer counts
    this.at = null; // the place that is pointed at
    this.gone = false; // the image that is looked at
    this.offered = []; // the word, nodes and fields of the buttons that are there
    this.build(addField(node, "where words went", { className: "hrv-explore", most: HIGHEST }));
    node.setSize([Math.max(node.size[0], WIDE), node.size[1]]);
    this.tell(FIRST());
  }

  build(inner) {
    this.chips = element("div", { className: "hrv-words", role: "toolbar" });
    this.chips.ariaLabel = say("Words of the prompt");
    this.image = element("img", { alt: "", draggable: false, onerror: () => this.lostImage() });
    this.canvas = element("canvas");
    this.mark = element("i", { hidden: true });
    this.stage = element("div", { className: "hrv-stage", tabIndex: 0, role: "application" },
      this.image, this.canvas, this.mark);
    this.stage.ariaLabel = say("The image. Arrow keys move the place whose words are ranked.");
    this.ranks = element("ol", { className: "hrv-ranks", ariaLive: "polite" });
    this.concept = element("select", { onchange: () => this.choose() });
    this.concept.ariaLabel = say("Look through the heads of");
    this.heads = element("input", { type: "range", min: 1, oninput: () => this.choose() });
    this.heads.ariaLabel = say("How many heads");
    this.count = element("span");
    this.batch = element("div", { className: "hrv-line" });
    this.uses = element("div", { className: "hrv-line" });
    this.told = element("p", { className: "hrv-hint", role: "status" });
    this.whose = element("div", { className: "hrv-line" }, this.concept, this.heads, this.count);
    this.stage.onpointermove = (event) => this.point(event);
    this.stage.onpointerleave = () => this.leave();
    this.stage.onblur = () => this.leave();
    this.stage.onkeydown = (event) => this.move(event);
    // a drag of the slider must not drag the node
    for (const each of [this.whose, this.chips]) each.onpointerdown = (event) => event.stopPropagation();
    this.parts = [this.chips, this.stage, this.ranks, this.whose, this.batch, this.uses];
    inner.append(...this.parts, this.told);
    this.show(false);
  }

  // What is looked at; kept with the workflow.
  get kept() { return this.node.properties[KEPT] ?? {}; }
  keep(more) { this.node.properties[KEPT] = { ...this.kept, ...more }; }

  // Every image { run, number, file }: a batch has several, a sweep has a run for each strength.
  get seen() {
    return [this.kept.runs ?? []].flat().flatMap(({ run, images }) =>
      [images ?? []].flat().map((file, number) => ({ run, number, file })));
  }
  get shown() { return Math.min(this.kept.image ?? 0, this.seen.length - 1); }

  show(there) { for (const part of this.parts) part.hidden = !there; }
  tell(text) { this.told.textContent = text; }

  // A run has ended: of a sweep one for each strength.
  open(runs) {
    this.keep({ runs });
    this.recall();
  }

  recall() {
    const looked = this.seen[this.shown];
    if (!looked) return;
    this.gone = false;
    this.image.src = api.apiURL(`/view?${new URLSearchParams(looked.file)}`);
    this.ask();
  }

  // Other runs of a sweep may still be there.
  lost(reason) {
    this.show(false);
    this.tell(reason);
    if (this.kept.runs?.length > 1) this.layBatch();
  }

  lostImage() {
    this.gone = true;
    this.lost(GONE());
  }

  // A concept that the run's vectors do not have, or no longer, gives way to all heads.
  async ask(concept = this.kept.concept ?? "") {
    const { run, number } = this.seen[this.shown];
    const asked = (this.asked += 1);
    const told = await askMaps({ run, image: number, concept, heads: this.kept.heads ?? 1 });
    if (asked !== this.asked || this.gone) return; // another question has been asked meanwhile
    if (!told.error) this.take(told, concept);
    else if (told.unknown) this.ask("");
    else this.lost(told.error);
  }

  take(answer, concept) {
    this.maps = readMaps(answer);
    const { heads = Math.max(1, Math.round(answer.heads * SHARE)), pinned } = this.kept;
    this.keep({ concept, heads: Math.min(heads, answer.heads) });
    this.concept.replaceChildren(
      element("option", { value: "" }, say("all {count} heads", { count: answer.heads })),
      ...answer.concepts.map((name) =>
        element("option", { value: name }, say("heads of {concept}", { concept: called(name) }))),
    );
    this.concept.value = concept;
    this.heads.max = answer.heads;
    this.heads.value = this.kept.heads;
    if (!this.maps.words.some(({ pick }) => pick === pinned)) this.keep({ pinned: "" });
    this.show(true);
    this.tell(answer.concepts.length ? "" : CONNECT());
    this.layWords();
    this.layBatch();
    this.layHeads();
    this.light(this.kept.pinned);
    this.rank();
  }

  layWords() {
    const chips = this.maps.words.map(({ pick }) => {
      const made = chip({ pick, phrase: pick === this.kept.pinned ? 0 : null }, () => this.pin(pick));
      made.onpointerenter = made.onfocus = () => this.light(pick);
      made.onpointerleave = made.onblur = () => this.light(this.kept.pinned);
      return made;
    });
    this.chips.replaceChildren(...chips);
    this.layUses();
  }

  layHeads() {
    const all = !this.concept.value;
    this.heads.hidden = this.count.hidden = all;
    this.count.textContent = say("{count} of {all}", { count: this.heads.value, all: this.heads.max });
  }

  layBatch() {
    const image = this.shown;
    const all = this.seen.length;
    const turn = (to) => () => {
      this.keep({ image: (to + all) % all });
      this.recall();
    };
    const buttons = [["‹", image - 1, say("Previous image")], ["›", image + 1, say("Next image")]].map(
      ([text, to, ariaLabel]) => element("button", { type: "button", ariaLabel, onclick: turn(to) }, text));
    const which = say("image {number} of {all}", { number: image + 1, all });
    this.batch.replaceChildren(buttons[0], element("span", {}, which), buttons[1]);
    this.batch.hidden = all < 2;
  }

  pin(pick) {
    this.keep({ pinned: this.kept.pinned === pick ? "" : pick });
    for (const each of this.chips.children) each.ariaPressed = String(each.title === this.kept.pinned);
    this.light(this.kept.pinned);
    this.layUses();
  }

  choose() {
    this.keep({ concept: this.concept.value, heads: Number(this.heads.value) });
    this.layHeads();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(), PAUSE);
  }

  // Shows a word's heat over the image; none where it has no such word.
  light(pick) {
    const word = this.maps.words.find((each) => each.pick === pick);
    this.stage.classList.toggle("hrv-hot", Boolean(word));
    this.canvas.hidden = !word;
    if (word) drawHeat(this.canvas, this.maps, word.heat);
    for (const each of this.chips.children) each.classList.toggle("hrv-lit", each.title === pick);
  }

  point(event) {
    const frame = this.stage.getBoundingClientRect();
    this.at = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    this.mark.hidden = true;
    this.rank();
  }

  leave() {
    this.at = null;
    this.mark.hidden = true;
    this.rank();
  }

  move(event) {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    this.at = (this.at ?? [0.5, 0.5]).map((part, i) => Math.min(1, Math.max(0, part + step[i])));
    const [left, top] = this.at.map((part) => `${100 * part}%`);
    Object.assign(this.mark.style, { left, top });
    this.mark.hidden = false;
    this.rank();
  }

  rank() {
    if (!this.at) {
      this.ranks.replaceChildren(element("p", { className: "hrv-hint" }, HINT()));
      return;
    }
    const ranked = wordsAt(this.maps, ...this.at).slice(0, RANKED);
    this.ranks.replaceChildren(...ranked.map(({ pick, times }) => {
      const bar = element("u");
      bar.style.width = `${(100 * times) / Math.max(this.maps.most, 1)}%`;
      const word = element("b", { title: pick }, ...spelt(pick));
      return element("li", {}, word, bar, element("span", {}, `× ${times.toFixed(1)}`));
    }));
  }

  // A button for each field in which the kept word would steer this prompt. The same buttons stay:
  // somebody may be about to press one.
  layUses() {
    if (this.stage.hidden) return;
    const { pinned } = this.kept;
    const open = pinned ? steering(this.node).filter(({ field, form }) => !phrases(field.value, form).includes(pinned)) : [];
    this.uses.hidden = !open.length;
    const offered = open.flatMap(({ node, field }) => [pinned, node, node.title, field]);
    const same = offered.length === this.offered.length;
    if (same && offered.every((each, place) => each === this.offered[place])) return;
    this.offered = offered;
    this.uses.replaceChildren(...open.map((use) => this.useButton(pinned, use)));
  }

  useButton(word, { node, field, form }) {
    const onclick = () => {
      if (!node.graph) return this.layUses(); // it has been deleted meanwhile
      setValue(field, having(field.value, { pick: word }, form));
      this.layUses();
      this.tell(say("“{word}” now stands in {node}.", { word, node: node.title }));
    };
    const text = say("Use “{word}” in {node}", { word, node: node.title });
    return element("button", { type: "button", onclick }, text);
  }
}

const isConnected = (node, field) =>
  node.inputs?.some((input) => input.widget?.name === field.name && input.link != null);

// The first field { node, field, form } that names words of the explored prompt, of each node that
// changes a model, but not of the one that watches it.
function steering(node) {
  const names = slots(node).map((input) => input.name);
  const watching = slots(node).map((input) => source(node, input)?.node);
  const prompts = promptsBehind(node, names);
  return everyNode()
    .filter((each) => isOurs(each.comfyClass) && !watching.includes(each))
    .filter((each) => each.outputs?.some((output) => output.type === "MODEL"))
    .flatMap((each) => marked(each, WORDS).slice(0, 1).map((field) => {
      if (isConnected(each, field)) return null; // it says what comes by the link
      const { of, form } = optionsOf(each, field.name)[WORDS];
      const same = [...promptsBehind(each, of).keys()].some((prompt) => prompts.has(prompt));
      return same ? { node: each, field, form } : null;
    }))
    .filter(Boolean);
}
