// Our sentences at once: warnings of a sampling, and the error of a node of ours or of our hooks.
import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { inOurFiles, isOurs, titleOf } from "./marks.js";

const SEVERITY = { warning: "warn", error: "error" }; // what older pages call them
const LONG = 20000; // milliseconds, for a sentence to read

export function listenForMessages() {
  api.addEventListener("hrv.warning", ({ detail }) => toast("warning", "HRV", detail.message));
  api.addEventListener("execution_error", ({ detail }) => {
    if (!isOurs(detail.node_type) && !inOurFiles(detail.traceback?.at(-1) ?? "")) return;
    const said = String(detail.exception_message ?? detail.exception_type).trim();
    toast("error", titleOf(detail.node_type) ?? "HRV", said);
  });
}

function toast(kind, title, text) {
  const { toast: toasts } = app.extensionManager;
  if (toasts[kind]) toasts[kind](title, { description: text, duration: LONG });
  else toasts.add({ severity: SEVERITY[kind], summary: title, detail: text, life: LONG });
}
