// The plane of two features: what the network answers where, and the rows in it.

const CLASSES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const SHAPES = ["circle", "square", "triangle", "diamond"];

const partsOf = (colour) => colour.match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
const classColour = (index) => CLASSES[index % CLASSES.length];

// Cividis, which is the same to most eyes: from dark blue through grey to yellow.
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];

function shade(t) {
  const place = Math.max(0, Math.min(1, t)) * (CIVIDIS.length - 1), low = Math.floor(place);
  const [a, b] = [partsOf(CIVIDIS[low]), partsOf(CIVIDIS[Math.min(low + 1, CIVIDIS.length - 1)])];
  return a.map((part, i) => Math.round(part + (b[i] - part) * (place - low)));
}

function pictureOf(side, colourAt) {
  const canvas = element("canvas", { width: side, height: side }), brush = canvas.getContext("2d");
  const picture = brush.createImageData(side, side);
  for (let r = 0; r < side; r++)
    for (let c = 0; c < side; c++) picture.data.set(colourAt(r, c), 4 * ((side - 1 - r) * side + c)); // the lowest row is at the foot
  brush.putImageData(picture, 0, 0);
  return canvas;
}

const unitPictures = new Map();

// Of a unit's outputs, blue above zero and orange below, as weights are; nothing where they are zero.
function unitPicture(layer, unit) {
  const key = `${state.frame}/${layer}/${unit}`;
  if (!unitPictures.has(key)) {
    const units = arrayOf(`plane.units.${layer}`), side = content.plane.unit_grid;
    const [low, high] = arrayOf(`plane.range.${layer}`).values, most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    const [plus, minus] = [rgb("--plus"), rgb("--minus")];
    unitPictures.set(key, pictureOf(side, (r, c) => {
      const value = low + units.at(unit, r * side + c) / 255 * (high - low);
      return [...(value >= 0 ? plus : minus), Math.round(235 * Math.abs(value) / most)];
    }).toDataURL());
  }
  return unitPictures.get(key);
}

function drawPlane() {
  const figure = document.getElementById("plane");
  if (!content.plane) {
    figure.parentNode.classList.add("single");
    const features = content.structure.layers[0].arrays[0].shape[1];
    figure.replaceChildren(element("figcaption", {}, `A decision boundary is drawn for two features; this network has ${features}.`));
    return;
  }
  const size = 660, canvas = element("canvas", { width: size, height: size });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `what the network answers over both features after epoch ${frames[state.frame].epoch}`);
  const brush = canvas.getContext("2d");
  brush.imageSmoothingEnabled = true;
  brush.drawImage(answers(), 0, 0, size, size);
  drawPoints(brush, size);
  const [x, y] = [named(content.features, 0), named(content.features, 1)];
  const isValue = !arrayOf("plane.class");
  const caption = isValue
    ? `Across ${x}, up ${y}: the network's output, yellow where it is high.`
    : `Across ${x}, up ${y}: the most probable class, the stronger the surer. The ring is the chosen example.`;
  figure.replaceChildren(canvas, element("figcaption", {}, caption), isValue ? "" : classLegend());
}

function answers() {
  const side = content.plane.grid, kinds = arrayOf("plane.class");
  if (!kinds) {
    const values = arrayOf("plane.value"), low = Math.min(...values.values), high = Math.max(...values.values);
    return pictureOf(side, (r, c) => [...shade(high > low ? (values.at(r, c) - low) / (high - low) : 0.5), 255]);
  }
  const sure = arrayOf("plane.sure"), count = content.classes.length || Math.max(2, ...kinds.values) + 1;
  return pictureOf(side, (r, c) => {
    const share = Math.max(0, (sure.at(r, c) / 255 - 1 / count) / (1 - 1 / count));
    return [...partsOf(classColour(kinds.at(r, c))), Math.round(30 + 140 * share)];
  });
}

function drawPoints(brush, size) {
  const { x, y, labels } = content.plane, points = decoded(content.plane.points);
  const at = (px, py) => [(px - x[0]) / (x[1] - x[0]) * size, size - (py - y[0]) / (y[1] - y[0]) * size];
  brush.lineWidth = 1.6;
  brush.strokeStyle = colourOf("--card");
  const kinds = arrayOf("plane.class");
  for (let i = 0; i < points.shape[0]; i++) {
    const [cx, cy] = at(points.values[2 * i], points.values[2 * i + 1]);
    const label = kinds && typeof labels[i] === "number" ? labels[i] : 0;
    brush.fillStyle = kinds ? classColour(label) : colourOf("--ink");
    trace(brush, SHAPES[label % SHAPES.length], cx, cy, 6);
    brush.fill();
    brush.stroke();
  }
  const X = arrayOf(`${content.structure.layers[0].name}/X`);
  if (!X) return;
  const row = Math.min(state.example, X.rows - 1), [cx, cy] = at(X.at(row, 0), X.at(row, 1));
  brush.lineWidth = 4;
  brush.strokeStyle = colourOf("--ink");
  trace(brush, "circle", cx, cy, 14);
  brush.stroke();
}

function trace(brush, shape, x, y, r) {
  brush.beginPath();
  if (shape === "circle") brush.arc(x, y, r, 0, 2 * Math.PI);
  else {
    const corners = { square: [[-1, -1], [1, -1], [1, 1], [-1, 1]], triangle: [[0, -1.25], [1.2, 0.9], [-1.2, 0.9]], diamond: [[0, -1.4], [1.2, 0], [0, 1.4], [-1.2, 0]] }[shape];
    corners.forEach(([dx, dy], i) => brush[i ? "lineTo" : "moveTo"](x + 0.9 * r * dx, y + 0.9 * r * dy));
    brush.closePath();
  }
}

function classLegend() {
  const count = content.classes.length || Math.max(...content.plane.labels) + 1, list = element("ul", { className: "legend" });
  const outlines = { circle: "M8 2a6 6 0 1 0 .01 0", square: "M3 3h10v10H3z", triangle: "M8 2l6 11H2z", diamond: "M8 1l6 7-6 7-6-7z" };
  for (let k = 0; k < Math.min(count, 12); k++) {
    const sign = drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, drawn("path", { d: outlines[SHAPES[k % SHAPES.length]], fill: classColour(k) }));
    list.append(element("li", {}, sign, named(content.classes, k)));
  }
  return list;
}
