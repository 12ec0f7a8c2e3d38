// Holds the state, draws everything from it, and listens to the controls.

function draw() {
  const frame = frames[state.frame], focus = focusedCell();
  drawState(frame);
  drawGraph();
  drawPlane();
  drawCurves();
  drawUnits();
  drawLayers();
  drawUpdates();
  if (focus) restoreFocus(focus);
  if (seen && arrayOf(seen.entry.key)) lookAt(seen.entry, seen.entry.by_example ? state.example : seen.r, seen.c);
}

function drawState(frame) {
  const last = frames.at(-1).epoch, { facts } = frame;
  document.getElementById("epoch").value = state.frame;
  document.getElementById("epoch").setAttribute("aria-valuetext", `epoch ${frame.epoch} of ${last}`);
  document.getElementById("epoch-value").textContent = frame.epoch;
  document.getElementById("example").value = state.example;
  const mode = facts.training ? "training mode" : "evaluation mode";
  const drawnRows = facts.rows > content.structure.shown ? `, of which the first ${content.structure.shown} are shown` : "";
  document.getElementById("state").textContent =
    `Step ${facts.step}, a batch of ${facts.rows} examples${drawnRows}, in ${mode}. Loss of the batch ${written(facts.loss)}.`
    + (facts.averaged ? " The weights were averaged: boundary and units are those of the average, the step is of the weights in training." : "");
  document.getElementById("state").dataset.value = facts.loss;
}

function focusedCell() {
  const active = document.activeElement, figure = active?.closest?.("figure[data-key]");
  return figure ? { key: figure.dataset.key, row: active.dataset.row, column: active.dataset.column, tag: active.tagName } : null;
}

function restoreFocus({ key, row, column, tag }) {
  const figure = document.querySelector(`figure[data-key="${CSS.escape(key)}"]`);
  const cell = tag === "TD" ? figure?.querySelector(`td[data-column="${column}"][data-row="${row}"]`) ?? figure?.querySelector(`td[data-column="${column}"]`) : figure?.querySelector("canvas.heat");
  cell?.focus({ preventScroll: true });
}

function chooseFrame(index) {
  state.frame = Math.max(0, Math.min(frames.length - 1, index));
  draw();
}

function chooseExample(index) {
  state.example = Math.max(0, Math.min(content.structure.shown - 1, index));
  draw();
}

let playing = null;

function play() {
  const button = document.getElementById("play");
  if (playing) {
    clearInterval(playing);
    playing = null;
  } else {
    if (state.frame === frames.length - 1) chooseFrame(0);
    playing = setInterval(() => {
      chooseFrame(state.frame + 1);
      if (state.frame === frames.length - 1) play();
    }, 700);
  }
  button.textContent = playing ? "⏸" : "▶";
  button.setAttribute("aria-label", playing ? "Stop" : "Play the recorded epochs");
}

function start() {
  document.title = `${content.title}: one step under glass`;
  document.getElementById("title").textContent = content.title;
  document.getElementById("subtitle").textContent = `${content.parameters.toLocaleString("en")} parameters, ${content.loss}`;
  document.getElementById("note").textContent = content.note;
  document.getElementById("epoch").max = frames.length - 1;
  document.getElementById("epoch-control").hidden = frames.length < 2;
  document.getElementById("epoch-control").style.display = frames.length < 2 ? "none" : "";
  const labels = (row) => frames[state.frame].facts.labels[row];
  const nameOf = (row) => (typeof labels(row) === "number" && content.classes.length ? `: ${named(content.classes, labels(row))}` : "");
  const choose = document.getElementById("example");
  const fill = () => choose.replaceChildren(...range(content.structure.shown).map((row) => element("option", { value: row }, `${row}${nameOf(row)}`)));
  fill();
  document.getElementById("epoch").addEventListener("input", (event) => { chooseFrame(Number(event.target.value)); fill(); choose.value = state.example; });
  choose.addEventListener("change", (event) => chooseExample(Number(event.target.value)));
  document.getElementById("play").addEventListener("click", play);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeLens(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { unitPictures.clear(); draw(); });
  addEventListener("hashchange", openTarget);
  draw();
}

// A link to a card opens it.
function openTarget() {
  const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (card instanceof HTMLDetailsElement) card.open = true;
}

start();
