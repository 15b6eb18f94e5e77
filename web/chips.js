// The words of the prompt under every field that names words: click one to name it.
import { api } from "../../scripts/api.js";
import { addField, element } from "./elements.js";
import { marked, optionsOf } from "./marks.js";
import { promptTexts } from "./prompts.js";
import { say } from "./spoken.js";

export const MARK = "hrv_words"; // of an input: { of: [inputs with the prompt], form }
const NONE = () => say("No HRV Prompt is connected: words of other prompts cannot be found.");
const LATER = () => say("The prompt's text comes from another node: type the word.");
const EMPTY = () => say("The prompt is still empty.");
const HIGHEST = 84;

const views = new WeakMap(); // field -> { node, inner, asked: the last question }

export const hasChips = (node) => marked(node, MARK).length > 0;

export function setUpChips(node) {
  for (const field of marked(node, MARK)) {
    const inner = addField(node, `${field.name} to pick`, {
      className: "hrv-words", most: HIGHEST, after: field, advanced: field.options?.advanced,
    });
    views.set(field, { node, inner, asked: null });
  }
}

export function refreshChips(node) {
  for (const field of marked(node, MARK)) if (views.has(field)) refresh(field, views.get(field));
}

async function refresh(field, view) {
  const { of, form } = optionsOf(view.node, field.name)[MARK];
  const texts = promptTexts(view.node, of);
  const prompts = texts.filter((text) => text !== null);
  const asked = JSON.stringify({ prompts, words: String(field.value ?? ""), form });
  const question = asked + (prompts.length ? "" : texts.length || whatIsMissing(view.node, of));
  if (question === view.asked) return;
  view.asked = question;
  if (!prompts.length) return hint(view, texts.length ? LATER() : whatIsMissing(view.node, of));
  const answer = await api.fetchApi("/hrv/words", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: asked,
  }).catch(() => null);
  if (view.asked !== question) return; // another question has been asked meanwhile
  if (answer?.ok) show(field, view, form, await answer.json());
  else view.asked = null;
}

function whatIsMissing(node, of) {
  const open = (node.inputs ?? []).find((input) => of.includes(input.name) && input.link == null);
  if (!open) return NONE();
  return say("Connect “{name}” to pick words of the prompt here.", { name: open.label ?? open.name });
}

const hint = (view, text) =>
  view.inner.replaceChildren(element("p", { className: "hrv-hint" }, text));

function show(field, view, form, { words, missing }) {
  const chips = words.map((word) => {
    const value = String(field.value ?? "");
    const change = word.phrase === null ? having(value, word, form) : without(value, word, words, form);
    return chip(word, () => {
      setValue(field, change);
      refreshChips(view.node);
    });
  });
  const faults = missing.map((text) => element("p", { className: "hrv-missing" }, text));
  if (!chips.length && !faults.length) return hint(view, EMPTY());
  view.inner.replaceChildren(...faults, ...chips);
}

export function chip(word, onclick) {
  const button = element("button", { type: "button", title: word.pick, onclick }, ...spelt(word.pick));
  button.setAttribute("aria-pressed", String(word.phrase !== null));
  return button;
}

// "mouse#2" as it is shown: mouse with a small 2.
export function spelt(pick) {
  const [text, count] = pick.split(/(?<=.)#(?=\d+$)/);
  return count ? [text, element("sub", {}, count)] : [text];
}

// How the entries of a field stand: words and pairs in a list, lines one below the other.
const BETWEEN = { lines: "\n" };
const COMMA = ", ";

export const phrases = (value, form) =>
  value.split(form in BETWEEN ? BETWEEN[form] : /[,\n]/).map((part) => part.trim()).filter(Boolean);
const joined = (listed, form) => listed.join(BETWEEN[form] ?? COMMA);
const name = (word) => word.pick.replace(/#\d+$/, "");

// What a field says without a word: where "mouse" names several, the others stay.
function without(value, word, words, form) {
  const listed = phrases(value, form);
  const named = words.filter((each) => each.phrase === word.phrase);
  const alike = named.every((each) => name(each) === name(word));
  const [, ...said] = listed[word.phrase].split(":");
  const others = named.filter((each) => alike && each.pick !== word.pick);
  listed.splice(word.phrase, 1, ...others.map((each) => [each.pick, ...said].join(":")));
  return joined(listed, form);
}

// What it says with one more word: of pairs with the concept that was named last; of lines with
// what somebody then types behind it.
export function having(value, { pick }, form) {
  if (form === "phrase") return pick;
  const listed = phrases(value, form);
  const concept = form === "pairs" ? listed.at(-1)?.split(":")[1] : undefined;
  const said = form === "lines" ? " " : concept;
  return joined([...listed, said ? `${pick}:${said}` : pick], form);
}

// As if it had been typed, so that both renderers show it and the page notes a change.
export function setValue(field, value) {
  field.value = value;
  field.callback?.(value);
}
