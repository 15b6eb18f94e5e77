// The pack's part of the page: words to click, menus that follow the vectors, texts that stay,
// errors that are seen. Nodes and inputs are known by what the server marked, never by name.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { hasChips, refreshChips, setUpChips } from "./chips.js";
import { fit, saveWithoutHoles } from "./elements.js";
import { refreshExplore, setUpExplore } from "./explore.js";
import { refold, setUpFolding, unfoldChanged } from "./folding.js";
import { everyNode } from "./graph.js";
import { isOurs, note } from "./marks.js";
import { forgetConcepts, onConcepts, refreshMenus, setUpMenus } from "./menus.js";
import { labelChoices, learnLanguage } from "./spoken.js";
import { listenForTexts, recall, setUpText } from "./texts.js";
import { listenForMessages } from "./toasts.js";

const PAUSE = 150; // milliseconds in which changes are gathered
let waiting = null;

function refreshSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    for (const node of everyNode().filter((each) => isOurs(each.comfyClass))) {
      refold(node);
      labelChoices(node);
      refreshMenus(node);
      if (hasChips(node)) refreshChips(node);
      refreshExplore(node);
    }
  }, PAUSE);
}

// Calls `after` behind a callback of the page, which keeps its answer.
function also(owner, name, after) {
  const callback = owner[name];
  owner[name] = function (...args) {
    const result = callback?.apply(this, args);
    after();
    return result;
  };
}

app.registerExtension({
  name: "HRV",
  async setup() {
    listenForMessages();
    listenForTexts();
    onConcepts(refreshSoon);
    api.addEventListener("graphChanged", refreshSoon);
    app.ui?.settings?.addEventListener?.("Comfy.VueNodes.Enabled.change", refreshSoon);
    await learnLanguage(refreshSoon);
  },
  beforeRegisterNodeDef(_type, definition) {
    note(definition);
  },
  nodeCreated(node) {
    if (!isOurs(node.comfyClass)) return;
    for (const widget of node.widgets ?? []) also(widget, "callback", refreshSoon);
    also(node, "onConnectionsChange", refreshSoon);
    saveWithoutHoles(node);
    labelChoices(node);
    setUpMenus(node);
    setUpChips(node);
    setUpFolding(node);
    setUpText(node);
    setUpExplore(node);
    refreshSoon();
  },
  loadedGraphNode(node) {
    if (!isOurs(node.comfyClass)) return;
    recall(node);
    unfoldChanged(node);
    fit(node);
  },
  afterConfigureGraph: refreshSoon,
  refreshComboInNodes() {
    forgetConcepts();
    for (const node of everyNode()) setUpMenus(node);
    refreshSoon();
  },
});
