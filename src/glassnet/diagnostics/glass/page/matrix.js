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

function paint(canvas, array, rows) {
  const brush = canvas.getContext("2d");
  const most = largest(array.values) || 1;
  const picture = brush.createImageData(array.columns, rows.length);
  const [plus, minus] = [rgb("--plus"), rgb("--minus")];
  rows.forEach((r, place) => {
    for (let c = 0; c < array.columns; c++) {
      const value = array.at(r, c);
      const colour = value >= 0 ? plus : minus;
      const at = 4 * (place * array.columns + c);
      picture.data.set([...colour, Math.round(255 * Math.min(1, Math.abs(value) / most))], at);
    }
  });
  brush.putImageData(picture, 0, 0);
}

function rgb(name) {
  return colourOf(name).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
}

function heatMap(entry, array, rows) {
  const side = Math.max(3, Math.min(14, Math.floor(640 / Math.max(array.columns, rows.length))));
  const canvas = element("canvas", { className: "heat", width: array.columns, height: rows.length, tabIndex: 0 });
  canvas.style.width = `${array.columns * side}px`;
  canvas.style.height = `${rows.length * Math.max(side, rows.length === 1 ? 18 : side)}px`;
  let cursor = [0, 0];
  const say = () => {
    const [r, c] = [rows[cursor[0]], cursor[1]];
    canvas.setAttribute("aria-label", `heat map of ${entry.symbol}; cell ${r}, ${c}: ${written(array.at(r, c))}`);
    Object.assign(canvas.dataset, { row: r, column: c, value: array.at(r, c) });
  };
  const move = (r, c) => {
    cursor = [Math.max(0, Math.min(rows.length - 1, r)), Math.max(0, Math.min(array.columns - 1, c))];
    say();
    lookAt(entry, rows[cursor[0]], cursor[1]);
  };
  canvas.setAttribute("role", "img");
  say();
  paint(canvas, array, rows);
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width, down = (event.clientY - box.top) / box.height;
    move(Math.floor(down * rows.length), Math.floor(across * array.columns));
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
