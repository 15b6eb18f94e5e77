"""Words for the page's editor in which browser tests are told, and when the page is ready."""

# node("HRVLoad"), field("HRVLoad", "file"), menu of a field, type into it; empty() leaves no nodes
# and begins with new ids, for Nodes 2.0 may show at a node what another of its id has made;
# add("HRVPrompt", { text: "a cat", clip: [model, 1] }) makes one with fields and connections.
EDITOR = """() => Object.assign(window, {
  every: () => [app.rootGraph, ...app.rootGraph.subgraphs.values()].flatMap(graph => graph.nodes),
  node: type => every().find(node => node.type === type),
  field: (type, name) => node(type)?.widgets.find(widget => widget.name === name),
  menu: (type, name) => { const { values } = field(type, name).options;
    return typeof values === "function" ? values() : values },
  type: (type, name, value) => {
    const it = field(type, name); it.value = value; it.callback?.(value) },
  add: (type, given = {}) => {
    const made = LiteGraph.createNode(type), count = app.graph.nodes.length;
    made.pos = [80 + 430 * (count % 3), 120 + 320 * Math.floor(count / 3)];
    app.graph.add(made);
    for (const [name, value] of Object.entries(given)) {
      const slot = made.findInputSlot(name), [from, output] = [value].flat();
      if (from?.connect) from.connect(output, made, slot);
      else made.widgets.find(widget => widget.name === name).value = value;
    }
    return made },
  empty: async () => {
    await app.loadGraphData({ version: 0.4, nodes: [], links: [], groups: [] });
    app.rootGraph.state.lastNodeId = Date.now() % 1e9;
    app.canvas.ds.scale = 1;
    app.canvas.ds.offset[0] = app.canvas.ds.offset[1] = 0; app.canvas.setDirty(true, true) },
})"""
# From now on `window.interrupted` says whether a run was.
INTERRUPTED = """() => { window.interrupted = false; app.api.addEventListener(
  'execution_interrupted', () => { window.interrupted = true }) }"""
READY = "window.app?.canvas?.graph?.nodes && window.app.extensionManager"
