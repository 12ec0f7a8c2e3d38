// The units of each activation: which are dead, and which saturated, in the frame that is shown.

function drawUnits() {
  const box = document.getElementById("units"), layers = frames[state.frame].facts.units ?? [];
  if (!layers.length) return box.replaceChildren();
  const parts = [element("p", { className: "quiet" }, "Units over the validation rows: dead ones (dashed, ×) are 0 for every row, saturated ones (framed, ▪) lie at a limit for more than half.")];
  for (const layer of layers) {
    const [dead, saturated] = [new Set(layer.dead_units), new Set(layer.saturated_units)];
    const strip = element("div", { className: "strip" });
    for (let unit = 0; unit < Math.min(layer.units, 64); unit++) {
      const kind = dead.has(unit) ? "dead" : saturated.has(unit) ? "saturated" : "";
      strip.append(element("span", { className: `unit ${kind}`, title: `unit ${unit}${kind ? `: ${kind}` : ""}` }, kind === "dead" ? "×" : kind ? "▪" : ""));
    }
    const counted = element("p", { className: "units-line" }, `Layer ${layer.name}: ${layer.dead} of ${layer.units} units dead, ${layer.saturated} saturated`);
    counted.style.margin = "0";
    parts.push(counted, strip);
  }
  box.replaceChildren(...parts);
}
