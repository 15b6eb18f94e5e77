// Our sentences at once: warnings of a sampling, and the error of a node of ours or of our hooks.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { inOurFiles, isOurs, titleOf } from "./marks.js";

const REFUSED = "custom_validation_failed"; // by a node's own validate_inputs

const SEVERITY = { warning: "warn", error: "error" }; // what older pages call them
const LONG = 20000; // milliseconds, for a sentence to read

export function listenForMessages() {
  sayFaultsOnce();
  api.addEventListener("hrv.warning", ({ detail }) => toast("warning", "HRV", detail.message));
  api.addEventListener("execution_error", ({ detail }) => {
    if (!isOurs(detail.node_type) && !inOurFiles(detail.traceback?.at(-1) ?? "")) return;
    const said = String(detail.exception_message ?? detail.exception_type).trim();
    toast("error", titleOf(detail.node_type) ?? "HRV", said);
  });
}

// What a node of ours says of its fields before a run, the host repeats for every field that the
// node looked at; the page shows it once.
function sayFaultsOnce() {
  const { queuePrompt } = api;
  api.queuePrompt = async function (...args) {
    try {
      const answer = await queuePrompt.apply(this, args);
      leaveOutRepeated(answer);
      return answer;
    } catch (error) {
      leaveOutRepeated(error?.response);
      throw error;
    }
  };
}

function leaveOutRepeated(answer) {
  for (const node of Object.values(answer?.node_errors ?? {})) {
    if (!isOurs(node.class_type)) continue;
    const said = new Set();
    node.errors = node.errors.filter(({ type, details, extra_info }) => {
      if (type !== REFUSED) return true;
      const before = said.size;
      return said.add(details.replace(`${extra_info?.input_name} - `, "")).size > before;
    });
  }
}

function toast(kind, title, text) {
  const { toast: toasts } = app.extensionManager;
  if (toasts[kind]) toasts[kind](title, { description: text, duration: LONG });
  else toasts.add({ severity: SEVERITY[kind], summary: title, detail: text, life: LONG });
}
