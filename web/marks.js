// What the server says of each node: the inputs that it marked, by node type. No node is named here.
const FOLDER = decodeURIComponent(new URL(".", import.meta.url).pathname.split("/").at(-2));
const ours = new Map(); // node type -> { title, inputs: the options of each input by its name }

export function note(definition) {
  if (!definition.python_module?.endsWith(`.${FOLDER}`)) return;
  const specs = { ...definition.input?.required, ...definition.input?.optional };
  const inputs = new Map(Object.entries(specs).map(([name, spec]) => [name, spec[1] ?? {}]));
  ours.set(definition.name, { title: definition.display_name ?? definition.name, inputs });
}

export const isOurs = (type) => ours.has(type);
export const titleOf = (type) => ours.get(type)?.title;

// The pack's own files, as they are named in a traceback.
export const inOurFiles = (line) => line.includes(`/${FOLDER}/`) || line.includes(`\\${FOLDER}\\`);

// The options of an input; of a field inside another ("settings.clamp") none.
export function optionsOf(node, name) {
  return ours.get(node?.comfyClass)?.inputs.get(name) ?? {};
}

// The fields of a node whose inputs carry the mark, in their order.
export function marked(node, mark) {
  return (node?.widgets ?? []).filter((widget) => optionsOf(node, widget.name)[mark]);
}
