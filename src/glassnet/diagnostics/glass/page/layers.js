// The cards of the layers: what each was given, and what it made of it, forward and backward.

const MOST_OPEN = 9; // layers, up to which all cards are open from the start
const opened = new Map();

function layerCard(layer, part) {
  const id = `${part}-${layer.name}`;
  const isOpen = opened.get(id) ?? content.structure.layers.length <= MOST_OPEN;
  const card = element("details", { className: "card", id, open: isOpen });
  const title = layer.kind === "loss" ? "Loss" : `Layer ${layer.name}`;
  card.append(element("summary", {}, element("h3", {}, title), element("span", { className: "quiet" }, layer.title)));
  card.addEventListener("toggle", () => {
    opened.set(id, card.open);
    if (card.open && card.children.length === 1) card.append(arraysOf(layer, part));
  });
  if (isOpen) card.append(arraysOf(layer, part));
  return card;
}

function arraysOf(layer, part) {
  const box = element("div", { className: "arrays" });
  for (const entry of layer.arrays) {
    if (entry.part !== part) continue;
    const figure = arrayFigure(entry, !entry.formula);
    if (entry.by_example && arrayOf(entry.key)) figure.append(batchStrip(entry));
    box.append(figure);
  }
  return box;
}

// The whole batch in small, with the chosen example marked; a click chooses another.
function batchStrip(entry) {
  const array = arrayOf(entry.key);
  const canvas = element("canvas", { className: "heat batch", width: array.columns, height: array.rows });
  canvas.style.width = `${Math.min(220, Math.max(40, array.columns * 9))}px`;
  canvas.style.height = `${array.rows * 3}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${entry.symbol} of ${array.rows} examples; ${state.example} is chosen`);
  paint(canvas, array, array.rows, array.columns, (r, c) => [r, c]);
  const brush = canvas.getContext("2d");
  brush.fillStyle = colourOf("--ink");
  brush.fillRect(0, state.example, Math.max(1, array.columns / 24), 1);
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    chooseExample(Math.floor((event.clientY - box.top) / box.height * array.rows));
  });
  return canvas;
}

function drawLayers() {
  const layers = content.structure.layers, byName = new Map(layers.map((layer) => [layer.name, layer]));
  document.getElementById("forward").replaceChildren(...layers.map((layer) => layerCard(layer, "forward")));
  const backward = content.structure.backward.map((name) => byName.get(name)).filter(Boolean);
  document.getElementById("backward").replaceChildren(...backward.map((layer) => layerCard(layer, "backward")));
}
