// The update of each weight: the gradient, the optimizer's memory before and after, the weight before and after.

const UPDATES = {
  "gradient.g": (k, r, c) => {
    const [W, d] = of(k, "W", "d"), { penalty, clipped } = frames[state.frame].facts;
    const hasPenalty = penalty && entries.get(k).formula.includes("λ");
    const factor = typeof clipped === "number" ? clipped : 1;
    const terms = [{ label: "dW", text: factor === 1 ? "" : `${written(factor)} · ${written(d.at(r, c))}`, value: factor * d.at(r, c) }];
    if (hasPenalty) terms.push({ label: "penalty", text: `${written(factor * penalty)} · ${written(W.at(r, c))}`, value: factor * penalty * W.at(r, c) });
    if (clipped === "values") {
      const came = terms.reduce((total, term) => total + term.value, 0);
      terms.push({ label: "change", text: "", value: arrayOf(k).at(r, c) - came });
      return { line: "changed after it came back: clipped value by value, or by a callback", terms };
    }
    return { line: factor === 1 ? "the gradient as it came back" : `clipped: the whole gradient times ${written(factor)}`, terms };
  },
  "sgd.W": (k, r, c) => stepped(k, r, c, (n, g) => n["η"] * g, "w − η·g"),
  "momentum.velocity": (k, r, c) => averaged(k, r, c, "velocity before", "β", 1),
  "nesterov.velocity": (k, r, c) => averaged(k, r, c, "velocity before", "β", 1),
  "momentum.W": (k, r, c) => stepped(k, r, c, (n, g, v) => n["η"] * v, "w − η·v", "velocity"),
  "nesterov.W": (k, r, c) => stepped(k, r, c, (n, g, v) => n["η"] * (n["β"] * v + (1 - n["β"]) * g), "w − η(βv + (1 − β)g)", "velocity"),
  "rmsprop.square": (k, r, c) => averaged(k, r, c, "square before", "β", 2),
  "rmsprop.W": (k, r, c) => stepped(k, r, c, (n, g, s) => n["η"] * g / (Math.sqrt(s) + n["ε"]), "w − η·g/(√s + ε)", "square"),
  "adam.first_moment": (k, r, c) => averaged(k, r, c, "first_moment before", "β₁", 1),
  "adam.second_moment": (k, r, c) => averaged(k, r, c, "second_moment before", "β₂", 2),
  "adam.W": (k, r, c) => stepped(k, r, c, adamStep, adamLine, "first_moment", "second_moment"),
  "adamw.first_moment": (k, r, c) => averaged(k, r, c, "first_moment before", "β₁", 1),
  "adamw.second_moment": (k, r, c) => averaged(k, r, c, "second_moment before", "β₂", 2),
  "adamw.W": (k, r, c) => {
    const sum = stepped(k, r, c, adamStep, adamLine, "first_moment", "second_moment");
    const [W] = of(k, "W"), n = ruleFor(k);
    const decays = !entries.get(k).formula.includes("no decay");
    if (decays) sum.terms.splice(1, 0, { label: "decay −ηλw", text: `−${written(n["η"] * n["λ"])} · ${written(W.at(r, c))}`, value: -n["η"] * n["λ"] * W.at(r, c) });
    if (decays && n["λ₁"]) {
      const limit = n["η"] * n["λ₁"], came = sum.terms.reduce((total, term) => total + term.value, 0);
      const clipped = Math.min(Math.max(came, -limit), limit);
      sum.terms.push({ label: "towards 0, by ηλ₁ at most", text: `−clip(${written(came)}, ±${written(limit)})`, value: -clipped });
    }
    return sum;
  },
};

// The numbers of the rule, with the learning rate of this parameter.
function ruleFor(key) {
  const { rule, factors } = frames[state.frame].facts, name = key.split("/")[1];
  return { ...rule, "η": rule["η"] * (factors[name] ?? 1) };
}

function of(key, ...names) {
  const start = key.slice(0, key.lastIndexOf("/"));
  return names.map((name) => arrayOf(`${start}/${name}`));
}

function averaged(key, r, c, before, decay, power) {
  const [old, g] = of(key, before, "g"), beta = frames[state.frame].facts.rule[decay];
  const squared = power === 2 ? `${written(g.at(r, c))}²` : written(g.at(r, c));
  return { line: `${decay} = ${beta}`, terms: [
    { label: `${decay} · before`, text: `${written(beta)} · ${written(old.at(r, c))}`, value: beta * old.at(r, c) },
    { label: `(1 − ${decay}) · g${power === 2 ? "²" : ""}`, text: `${written(1 - beta)} · ${squared}`, value: (1 - beta) * g.at(r, c) ** power },
  ] };
}

function stepped(key, r, c, length, line, ...slots) {
  const [W, g, ...memory] = of(key, "W", "g", ...slots), n = ruleFor(key);
  const at = [g, ...memory].map((array) => array.at(r, c));
  const text = typeof line === "function" ? line(n, ...at) : `${line}, with η = ${written(n["η"])}`;
  return { line: text, terms: [
    { label: "w", text: "", value: W.at(r, c) }, { label: "step", text: "", value: -length(n, ...at) },
  ] };
}

const corrected = (moment, beta, t) => moment / (1 - beta ** t);

function adamStep(n, g, m, v) {
  return n["η"] * corrected(m, n["β₁"], n.t) / (Math.sqrt(corrected(v, n["β₂"], n.t)) + n["ε"]);
}

function adamLine(n, g, m, v) {
  return `t = ${n.t}: m̂ = ${written(corrected(m, n["β₁"], n.t))}, v̂ = ${written(corrected(v, n["β₂"], n.t))}; step = −η·m̂/(√v̂ + ε), η = ${written(n["η"])}, ε = ${written(n["ε"])}`;
}

function drawUpdates() {
  const facts = frames[state.frame].facts, box = document.getElementById("update");
  const note = document.getElementById("update-note");
  if (!facts.rule) {
    note.textContent = content.structure.updates.length
      ? "No update follows this pass: the training ended here. Choose an earlier epoch to see one."
      : "No update follows this pass: the page was made without an optimizer.";
    box.replaceChildren();
    return;
  }
  const numbers = Object.entries(facts.rule).filter(([name]) => name !== "rule");
  note.textContent = `Step ${facts.step}: what the optimizer did to each weight, with ${numbers.map(([name, value]) => `${name} = ${written(value)}`).join(", ")}.`
    + (facts.rule.rule === "own" ? " Its rule is of its own, and not taken apart." : "")
    + (facts.clipped == null ? "" : facts.clipped === "values" ? " The gradient was changed before it, value by value."
      : ` The gradient was clipped, to ${written(facts.clipped)} of its length.`);
  box.replaceChildren(...content.structure.updates.map(updateCard));
}

function updateCard(update) {
  const id = `update-${update.name}`, isOpen = opened.get(id) ?? (content.structure.updates.length <= 4 || update === content.structure.updates[0]);
  const card = element("details", { className: "card", id, open: isOpen });
  const factor = frames[state.frame].facts.factors[update.name];
  const shape = update.arrays[0].shape.join(" × ") + (factor ? `, learning rate times ${written(factor)}` : "");
  card.append(element("summary", {}, element("h3", {}, update.name), element("span", { className: "quiet" }, shape)));
  const fill = () => card.append(element("div", { className: "arrays" }, ...update.arrays.map((entry) => arrayFigure(entry, !entry.formula))));
  card.addEventListener("toggle", () => {
    opened.set(id, card.open);
    if (card.open && card.children.length === 1) fill();
  });
  if (isOpen) fill();
  return card;
}
