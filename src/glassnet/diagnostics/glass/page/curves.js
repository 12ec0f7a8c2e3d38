// The curves of the training: the loss with the findings where they begin, and the gradient's norm by layer.

const BOX = { width: 560, height: 250, left: 56, right: 12, top: 26, bottom: 34 };

function chart(figure, { title, lines, log, findings = [], first, last }) {
  const { width, height, left, right, top, bottom } = BOX;
  const values = lines.flatMap((line) => line.points.map((point) => point[1])).filter((v) => Number.isFinite(v) && (!log || v > 0));
  if (!values.length) return figure.replaceChildren();
  let [low, high] = [log ? Math.min(...values) : Math.min(0, ...values), Math.max(...values)];
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low, low + 1];
  const scale = log ? Math.log10 : (v) => v;
  const x = (epoch) => left + (epoch - first) / Math.max(1, last - first) * (width - left - right);
  const y = (v) => height - bottom - (scale(v) - scale(low)) / (scale(high) - scale(low)) * (height - top - bottom);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  for (const tick of ticksOf(low, high, log)) {
    svg.append(drawn("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), stroke: "var(--line)" }),
      drawn("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end", class: "quiet" }, written(tick)));
  }
  for (const epoch of ticksOf(first, last, false).filter(Number.isInteger))
    svg.append(drawn("text", { x: x(epoch), y: height - 14, "text-anchor": "middle", class: "quiet" }, epoch));
  findings.forEach((finding, i) => {
    svg.append(drawn("line", { x1: x(finding.epoch), x2: x(finding.epoch), y1: top, y2: height - bottom, stroke: "var(--mark)", "stroke-width": 1.5, "stroke-dasharray": "5 4", class: "finding-line" }),
      drawn("text", { x: Math.min(x(finding.epoch) + 4, width - 10 - 6.4 * finding.name.length), y: top + 12 + 15 * (i % 4) }, finding.name));
  });
  for (const line of lines) {
    const path = line.points.filter(([, v]) => Number.isFinite(v) && (!log || v > 0)).map(([epoch, v], i) => `${i ? "L" : "M"}${x(epoch).toFixed(1)},${y(v).toFixed(1)}`).join("");
    svg.append(drawn("path", { d: path, fill: "none", stroke: line.colour, "stroke-width": 2, "stroke-dasharray": line.dash ?? "none", "stroke-linejoin": "round" }));
  }
  const now = frames[state.frame].epoch;
  svg.append(drawn("line", { x1: x(now), x2: x(now), y1: top, y2: height - bottom, stroke: "var(--now)", "stroke-width": 1.5 }),
    drawn("text", { x: left, y: 14 }, `${title}${log ? " (log scale)" : ""}`), drawn("text", { x: width - right, y: height - 1, "text-anchor": "end", class: "quiet" }, "epoch"));
  const legend = element("ul", { className: "legend" });
  for (const line of lines) legend.append(element("li", {}, drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" },
    drawn("line", { x1: 0, x2: 16, y1: 8, y2: 8, stroke: line.colour, "stroke-width": 3, "stroke-dasharray": line.dash ? "4 3" : "none" })), line.name));
  figure.replaceChildren(svg, legend);
}

function ticksOf(low, high, log) {
  if (log) {
    const [from, to] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))], every = Math.max(1, Math.ceil((to - from) / 5));
    const powers = range(Math.max(0, Math.floor((to - from) / every) + 1)).map((k) => 10 ** (from + k * every));
    if (powers.length > 1) return powers;
    const fine = range(Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1).flatMap((k) => [1, 2, 5].map((m) => m * 10 ** (Math.floor(Math.log10(low)) + k)));
    return fine.filter((tick) => tick >= low && tick <= high);
  }
  const raw = (high - low) / 5, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((m) => m * power >= raw) * power;
  const start = Math.ceil(low / step - 1e-9);
  return range(Math.floor(high / step + 1e-9) - start + 1).map((k) => Number(((start + k) * step).toPrecision(12)));
}

function drawCurves() {
  const history = content.history, section = document.getElementById("training");
  const epochs = history.train_loss?.length ?? 0;
  section.hidden = epochs === 0;
  if (!epochs) return;
  const losses = [...history.train_loss, ...history.validation_loss].filter((v) => v > 0);
  const points = (name) => history[name].map((v, i) => [i + 1, v]);
  chart(document.getElementById("losses"), {
    title: "loss", log: Math.max(...losses) > 50 * Math.min(...losses), first: 0, last: epochs, findings: content.findings,
    lines: [{ name: "training", points: points("train_loss"), colour: "var(--train)" }, { name: "validation", points: points("validation_loss"), colour: "var(--validation)", dash: "6 3" }],
  });
  const weights = content.structure.updates.map((update) => update.name).filter((name) => name.endsWith("W"));
  const shown = weights.length > 8 ? range(8).map((k) => weights[Math.round(k * (weights.length - 1) / 7)]) : weights;
  chart(document.getElementById("norms"), {
    title: "norm of the gradient of each layer's weights", log: true, first: 0, last: epochs,
    lines: shown.map((name, k) => ({
      name, colour: classColour(k), dash: k % 2 ? "6 3" : undefined,
      points: frames.filter((frame) => frame.facts.norms).map((frame) => [frame.epoch, frame.facts.norms[name]]),
    })),
  });
  drawFindings();
}

function drawFindings() {
  const box = document.getElementById("findings");
  if (!content.findings.length) return box.replaceChildren(element("p", { className: "quiet" }, "The diagnosis finds nothing wrong with this training."));
  box.replaceChildren(...content.findings.map((finding) => {
    const go = element("button", { type: "button", onclick: () => chooseFrame(nearest(finding.epoch)) }, `from epoch ${finding.epoch} on`);
    return element("div", { className: "finding" }, element("h3", {}, finding.name), go, element("p", {}, `${finding.evidence}. Try: ${finding.advice}.`));
  }));
}

function nearest(epoch) {
  return range(frames.length).reduce((best, k) => Math.abs(frames[k].epoch - epoch) < Math.abs(frames[best].epoch - epoch) ? k : best, 0);
}
