// Draws an array: as a table of numbers where it is small, else as a heat map with a cursor.

const MOST_COLUMNS = 20, MOST_ROWS = 20;

// The rows that are shown: of a batch the chosen example's, of other arrays all.
function rowsOf(entry, array) {
  if (entry.by_example) return [Math.min(state.example, array.rows - 1)];
  return [...Array(array.rows).keys()];
}

function arrayFigure(entry, given = false) {
  const array = arrayOf(entry.key);
  const figure = element("figure", { className: given ? "array given" : "array" });
  figure.dataset.key = entry.key;
  const caption = element("figcaption", {}, element("b", {}, entry.symbol));
  const [rows, columns] = entry.shape;
  caption.append(element("span", { className: "shape" }, `${rows} × ${columns}`));
  if (entry.formula) caption.append(element("span", { className: "formula" }, entry.formula));
  figure.append(caption);
  if (!array) {
    figure.append(element("p", { className: "quiet" }, "not of this frame"));
    return figure;
  }
  const shown = rowsOf(entry, array);
  const small = isWhole(entry) && array.columns <= MOST_COLUMNS && shown.length <= MOST_ROWS;
  const drawing = small ? numberTable(entry, array, shown) : heatMap(entry, array, shown);
  figure.append(element("div", { className: "scroll" }, drawing));
  if (!isWhole(entry)) {
    const [high, wide] = entry.block;
    figure.append(element("figcaption", { className: "quiet" },
      `each cell: the number of largest magnitude of ${high} × ${wide}`));
  }
  return figure;
}

function numberTable(entry, array, rows) {
  const table = element("table", { className: "numbers", role: "grid" });
  table.setAttribute("aria-label", `${entry.symbol}, ${entry.shape.join(" by ")}`);
  const most = largest(array.values);
  rows.forEach((r, place) => {
    const line = element("tr", { role: "row" });
    for (let c = 0; c < array.columns; c++) {
      const value = array.at(r, c);
      const cell = element("td", { role: "gridcell", tabIndex: place === 0 && c === 0 ? 0 : -1 }, written(value));
      cell.className = value > 0 ? "plus" : value < 0 ? "minus" : "";
      cell.style.setProperty("--t", most ? Math.min(1, Math.abs(value) / most).toFixed(3) : 0);
      Object.assign(cell.dataset, { row: r, column: c, value });
      line.append(cell);
    }
    table.append(line);
  });
  const see = (event) => {
    const cell = event.target.closest("td");
    if (cell) lookAt(entry, Number(cell.dataset.row), Number(cell.dataset.column));
  };
  table.addEventListener("pointerover", see);
  table.addEventListener("focusin", see);
  table.addEventListener("keydown", (event) => moveInTable(event, table));
  return table;
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function moveInTable(event, table) {
  const step = ARROWS[event.key], cell = event.target.closest("td");
  if (!step || !cell) return;
  event.preventDefault();
  const next = table.rows[cell.parentNode.rowIndex + step[0]]?.cells[cell.cellIndex + step[1]];
  if (!next) return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// Height and width, where a row of this array is an image: of the input, or of the gradient with respect to it.
function imageOf(entry, rows) {
  const isInput = ["X", "dX"].some((symbol) => entry.key === `${content.structure.layers[0].name}/${symbol}`);
  return content.image && isInput && isWhole(entry) && rows.length === 1 ? content.image : null;
}

function paint(canvas, array, high, wide, placeAt) {
  const brush = canvas.getContext("2d");
  const most = largest(array.values) || 1;
  const picture = brush.createImageData(wide, high);
  const [plus, minus] = [rgb("--plus"), rgb("--minus")];
  for (let r = 0; r < high; r++)
    for (let c = 0; c < wide; c++) {
      const value = array.at(...placeAt(r, c));
      const colour = value >= 0 ? plus : minus;
      picture.data.set([...colour, Math.round(255 * Math.min(1, Math.abs(value) / most))], 4 * (r * wide + c));
    }
  brush.putImageData(picture, 0, 0);
}

function rgb(name) {
  return colourOf(name).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
}

function heatMap(entry, array, rows) {
  const [high, wide] = imageOf(entry, rows) ?? [rows.length, array.columns];
  const isImage = high * wide === array.columns && rows.length === 1 && high > 1;
  const placeAt = (r, c) => (isImage ? [rows[0], r * wide + c] : [rows[r], c]);
  const side = Math.max(3, Math.min(14, Math.floor((isImage ? 280 : 640) / Math.max(wide, high))));
  const canvas = element("canvas", { className: "heat", width: wide, height: high, tabIndex: 0 });
  canvas.style.width = `${wide * side}px`;
  canvas.style.height = `${high * Math.max(side, high === 1 ? 18 : side)}px`;
  let cursor = [0, 0];
  const say = () => {
    const [r, c] = placeAt(...cursor);
    canvas.setAttribute("aria-label", `heat map of ${entry.symbol}; cell ${r}, ${c}: ${written(array.at(r, c))}`);
    Object.assign(canvas.dataset, { row: r, column: c, value: array.at(r, c) });
  };
  const move = (r, c) => {
    cursor = [Math.max(0, Math.min(high - 1, r)), Math.max(0, Math.min(wide - 1, c))];
    say();
    lookAt(entry, ...placeAt(...cursor));
  };
  canvas.setAttribute("role", "img");
  say();
  paint(canvas, array, high, wide, placeAt);
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width, down = (event.clientY - box.top) / box.height;
    move(Math.floor(down * high), Math.floor(across * wide));
  });
  canvas.addEventListener("focus", () => move(...cursor));
  canvas.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    move(cursor[0] + step[0], cursor[1] + step[1]);
  });
  return canvas;
}
