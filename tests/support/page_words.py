"""Words for the page's editor in which browser tests are told, and when the page is ready."""

# node("HRVLoad"), field("HRVLoad", "file"), menu of a field, type into it; empty() leaves no nodes,
# and add("HRVPrompt", { text: "a cat", clip: [model, 1] }) makes one with fields and connections.
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
    app.canvas.ds.scale = 1;
    app.canvas.ds.offset[0] = app.canvas.ds.offset[1] = 0; app.canvas.setDirty(true, true) },
})"""
READY = "window.app?.canvas?.graph?.nodes && window.app.extensionManager"
