// The panel at the foot: the number under the pointer or the cursor, and the sum that it is.

const MOST_TERMS = 64;
let seen = null; // what the lens is on: entry, row, column

function lookAt(entry, r, c) {
  seen = { entry, r, c };
  const array = arrayOf(entry.key), lens = document.getElementById("lens");
  for (const cell of document.querySelectorAll('td[aria-selected="true"]')) cell.removeAttribute("aria-selected");
  const cell = document.querySelector(`figure[data-key="${CSS.escape(entry.key)}"] td[data-row="${r}"][data-column="${c}"]`);
  if (cell) cell.setAttribute("aria-selected", "true");
  if (!array) return;
  const value = array.at(r, c);
  const close = element("button", { type: "button", onclick: closeLens }, "Close");
  const head = element("div", { className: "head" },
    element("b", {}, `${entry.symbol}[${r}, ${c}]`),
    element("span", { className: "value" }, `= ${written(value)}`),
    element("span", { className: "quiet" }, placeOf(entry, r, c)), close);
  lens.dataset.key = entry.key;
  lens.dataset.value = value;
  lens.replaceChildren(head, ...explained(entry, r, c, value));
  lens.hidden = false;
}

function closeLens() {
  document.getElementById("lens").hidden = true;
  seen = null;
}

function placeOf(entry, r, c) {
  if (!isWhole(entry)) return `of a block of ${entry.block.join(" × ")} numbers`;
  const column = entry.key === `${content.structure.layers[0].name}/X` ? named(content.features, c) : "";
  return [entry.by_example ? `example ${r}` : "", column].filter(Boolean).join(", ");
}

function explained(entry, r, c, value) {
  const formula = element("p", {}, entry.formula || "given: it comes from what stands before it");
  if (!entry.how) return [formula];
  const rule = SUMS[entry.how] ?? UPDATES[entry.how];
  const sum = rule && isWhole(entry) ? rule(entry.key, r, c) : null;
  if (!sum) {
    return [formula, element("p", { className: "quiet" },
      "The arrays of this sum are too large for the page to hold every number of them, so it is not taken apart here.")];
  }
  const parts = [formula, element("p", { className: "quiet" }, sum.line)];
  if (!sum.terms.length) return parts;
  const terms = shortened(sum.terms);
  const whole = sum.terms.reduce((total, term) => total + term.value, 0);
  if (sum.over && content.structure.rows > content.structure.shown) {
    const more = content.structure.rows - content.structure.shown;
    terms.push({ label: `the other ${more} examples`, text: "", value: value - whole });
  }
  const list = element("ol", { className: "terms" });
  for (const term of terms) {
    const item = element("li", { className: term.chosen ? "chosen" : "" });
    if (term.label) item.append(element("small", {}, `${term.label}  `));
    item.append(term.text ? `${term.text} = ${written(term.value)}` : written(term.value));
    item.dataset.value = term.value;
    list.append(item);
  }
  parts.push(list);
  if (terms.length > 1) parts.push(element("p", {}, `Σ = ${written(value)}`));
  return parts;
}

// The largest terms where there are many, and the others as one.
function shortened(terms) {
  if (terms.length <= MOST_TERMS) return [...terms];
  const order = range(terms.length).sort((i, j) => Math.abs(terms[j].value) - Math.abs(terms[i].value));
  const kept = order.slice(0, MOST_TERMS).sort((i, j) => i - j).map((i) => terms[i]);
  const rest = order.slice(MOST_TERMS).reduce((total, i) => total + terms[i].value, 0);
  return [...kept, { label: `the ${terms.length - MOST_TERMS} smallest`, text: "", value: rest }];
}
