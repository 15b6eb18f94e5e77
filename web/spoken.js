// The page's language: what the pack's script says, and how the choices of its menus are called.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { optionsOf } from "./marks.js";

const LANGUAGE = "Comfy.Locale";
const OURS = "hrv_page"; // of the pack's locales/<language>/main.json
let spoken = {}; // { choices, concepts, page }: English -> translation; {} in English

// Learns the page's language; `after` is called when somebody chooses another.
export async function learnLanguage(after) {
  await read();
  app.ui?.settings?.addEventListener?.(`${LANGUAGE}.change`, () => read().then(after));
}

async function read() {
  const language = app.ui?.settings?.getSettingValue?.(LANGUAGE) ?? "en";
  const answer = await api.fetchApi("/i18n");
  spoken = answer.ok ? ((await answer.json())[language]?.[OURS] ?? {}) : {};
}

// A text of the page in its language; {name} in it stands for a value.
export function say(text, values = {}) {
  const said = spoken.page?.[text] ?? text;
  return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A concept in the page's language.
export const called = (concept) => spoken.concepts?.[concept] ?? concept;

// In a menu of concepts a concept may be called as a choice of another menu is.
function labelsOf({ hrv_menu: menu, hrv_first: first }) {
  if (menu !== "concepts") return { ...spoken.concepts, ...spoken.choices };
  const said = spoken.choices?.[first];
  return said ? { ...spoken.concepts, [first]: said } : { ...spoken.concepts };
}

// The menus show words of the page's language; what is chosen and saved stays as it is.
export function labelChoices(node) {
  for (const widget of node.widgets ?? []) {
    if (widget.type !== "combo") continue;
    const labels = labelsOf(optionsOf(node, widget.name));
    if (Object.keys(labels).length) widget.options.getOptionLabel = (value) => labels[value] ?? value;
    else delete widget.options.getOptionLabel;
  }
}
