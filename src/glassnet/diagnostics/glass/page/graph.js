// The network as a graph: a column of units for each Dense layer, the weights as lines, the chosen example's numbers.

const MOST_UNITS = 12, STEP = 150, TOP = 34;

// Columns: the input, then one for each Dense layer, with what follows it up to the next.
function columnsOf() {
  const layers = content.structure.layers.filter((layer) => layer.kind !== "loss");
  const first = layers[0].arrays.find((entry) => entry.part === "forward");
  const columns = [{ title: "input", values: first, after: [], names: content.features, dense: null, layer: layers[0] }];
  for (const layer of layers) {
    const output = layer.arrays.findLast((entry) => entry.part === "forward" && entry.formula && entry.by_example);
    if (layer.kind === "Dense" || layer.kind === "NeuralTangentDense") columns.push({ title: layer.title, values: output, after: [], names: [], dense: layer, layer });
    else {
      const column = columns.at(-1);
      column.after.push(layer);
      if (output) column.values = output;
    }
  }
  const loss = content.structure.layers.at(-1), P = loss.arrays.find((entry) => entry.symbol === "P");
  if (P) columns.at(-1).values = P;
  columns.at(-1).names = content.classes;
  return columns;
}

function drawGraph() {
  const columns = columnsOf(), pictures = frames[state.frame].arrays;
  const counts = columns.map((column) => Math.min(column.values.shape[1], MOST_UNITS));
  const gap = content.plane ? 42 : 30, height = TOP + Math.max(...counts) * gap + 58;
  const width = STEP * (columns.length - 1) + 240;
  const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": describedGraph(columns) });
  const place = (column, unit) => [70 + column * STEP, TOP + 16 + (Math.max(...counts) - counts[column]) * gap / 2 + unit * gap];
  columns.forEach((column, k) => { if (k) drawWeights(svg, columns, k, counts, place); });
  columns.forEach((column, k) => drawColumn(svg, column, k, counts[k], place, pictures, height));
  document.getElementById("graph").replaceChildren(svg);
  const residual = columns.some((column) => column.after.some((layer) => layer.kind === "Residual"));
  document.getElementById("network-note").textContent =
    "Each circle is a unit with its value for the chosen example; each line a weight, blue above zero, orange below."
    + (content.plane && columns.length > 2 ? " A hidden unit is drawn as its outputs over the plane of both features." : "")
    + (residual ? " A Residual layer adds its input, which has no line of its own here." : "")
    + (columns.some((column) => column.values.shape[1] > MOST_UNITS) ? ` Of wider layers the first ${MOST_UNITS} units are drawn.` : "");
}

function describedGraph(columns) {
  return `network: ${columns.map((column) => `${column.title} of ${column.values.shape[1]}`).join(", ")}`;
}

function drawWeights(svg, columns, k, counts, place) {
  const entry = columns[k].dense.arrays.find((each) => each.symbol === "W");
  const W = isWhole(entry) ? arrayOf(entry.key) : null;
  if (!W) return;
  const most = largest(W.values) || 1;
  for (let i = 0; i < Math.min(counts[k - 1], W.rows); i++)
    for (let j = 0; j < Math.min(counts[k], W.columns); j++) {
      const strength = Math.abs(W.at(i, j)) / most, [x0, y0] = place(k - 1, i), [x1, y1] = place(k, j);
      svg.append(drawn("path", {
        d: `M${x0},${y0} C${x0 + STEP / 2},${y0} ${x1 - STEP / 2},${y1} ${x1},${y1}`, fill: "none",
        stroke: W.at(i, j) >= 0 ? "var(--plus)" : "var(--minus)", "stroke-width": (0.3 + 2.4 * strength).toFixed(2),
        "stroke-opacity": (0.08 + 0.72 * strength).toFixed(2),
      }));
    }
}

function drawColumn(svg, column, k, count, place, pictures, height) {
  const values = arrayOf(column.values.key), most = values ? largest(values.values) || 1 : 1;
  const activation = column.after.find((layer) => pictures[`plane.units.${layer.name}`]);
  const marks = marksOf(column.after);
  for (let unit = 0; unit < count; unit++) {
    const [x, y] = place(k, unit), whole = values && isWhole(column.values);
    const value = whole ? values.at(Math.min(state.example, values.rows - 1), unit) : 0;
    const node = drawn("g", {});
    const picture = activation && unit < arrayOf(`plane.units.${activation.name}`).rows ? unitPicture(activation.name, unit) : null;
    if (picture) node.append(drawn("rect", { x: x - 17, y: y - 17, width: 34, height: 34, rx: 3, fill: "var(--card)" }), drawn("image", { href: picture, x: x - 17, y: y - 17, width: 34, height: 34, preserveAspectRatio: "none" }),
      drawn("rect", { x: x - 17, y: y - 17, width: 34, height: 34, rx: 3, fill: "none", stroke: "var(--line)" }));
    else node.append(drawn("circle", { cx: x, cy: y, r: 11, fill: "var(--card)", stroke: "var(--line)" }),
      drawn("circle", { cx: x, cy: y, r: 11, fill: value >= 0 ? "var(--plus)" : "var(--minus)", "fill-opacity": Math.min(1, Math.abs(value) / most).toFixed(2) }));
    const dead = marks.dead.has(unit), saturated = marks.saturated.has(unit);
    if (dead || saturated) node.append(drawn("rect", { x: x - 18, y: y - 18, width: 36, height: 36, rx: 4, fill: "none", "stroke-width": 2.5,
      stroke: dead ? "var(--minus)" : "var(--plus)", "stroke-dasharray": dead ? "4 3" : "none" }));
    const label = column.names[unit] ? `${column.names[unit]} ` : "";
    node.append(drawn("title", {}, `${label}unit ${unit}${whole ? `: ${written(value)}` : ""}${dead ? ", dead" : saturated ? ", saturated" : ""}`));
    svg.append(node);
    const isEnd = k === 0 || column.names.length > 0;
    if (isEnd && whole) {
      const text = drawn("text", k === 0 ? { x: x - 16, y: y + 4, "text-anchor": "end" } : { x: x + 18, y: y + 4 }, `${k ? label.slice(0, 12) : ""}${written(value)}`);
      svg.append(text);
    }
  }
  const [x] = place(k, 0), hidden = column.values.shape[1] - count;
  if (hidden > 0) svg.append(drawn("text", { x, y: height - 38, "text-anchor": "middle", class: "quiet" }, `+ ${hidden.toLocaleString("en")} more`));
  const target = k === 0 ? `#forward-${column.layer.name}` : `#forward-${column.dense.name}`;
  svg.append(drawn("a", { href: target }, drawn("text", { x, y: 14, "text-anchor": "middle" }, column.title)));
  const after = column.after.map((layer) => layer.kind).join(", ");
  svg.append(drawn("text", { x, y: height - 16, "text-anchor": "middle", class: "quiet" }, after.length > 24 ? `${after.slice(0, 23)}…` : after));
}

function marksOf(layers) {
  const found = { dead: new Set(), saturated: new Set() };
  for (const each of frames[state.frame].facts.units ?? [])
    if (layers.some((layer) => layer.name === each.name)) {
      each.dead_units.forEach((unit) => found.dead.add(unit));
      each.saturated_units.forEach((unit) => found.saturated.add(unit));
    }
  return found;
}
