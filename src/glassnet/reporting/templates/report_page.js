"use strict";
// Sorts a table by the column whose heading is clicked: numbers by size, all else by the alphabet.

const numberIn = (text) => {
  const found = text.trim().match(/^[+−-]?[\d,]*\.?\d+(e[+-]?\d+)?/i);
  return found ? Number(found[0].replace("−", "-").replaceAll(",", "")) : NaN;
};

function sortBy(table, column, ascending) {
  const rows = [...table.tBodies[0].rows];
  const texts = new Map(rows.map((row) => [row, row.cells[column]?.textContent ?? ""]));
  const numbers = new Map(rows.map((row) => [row, numberIn(texts.get(row))]));
  const isNumeric = rows.every((row) => !Number.isNaN(numbers.get(row)) || texts.get(row).trim() === "");
  const value = (row) => (Number.isNaN(numbers.get(row)) ? -Infinity : numbers.get(row));
  rows.sort((a, b) => {
    const order = isNumeric ? value(a) - value(b) || 0 : texts.get(a).localeCompare(texts.get(b), "en");
    return ascending ? order : -order;
  });
  table.tBodies[0].append(...rows);
}

for (const table of document.querySelectorAll("table")) {
  if (!table.tHead || !table.tBodies.length || table.tBodies[0].rows.length < 3) continue;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    if (!heading.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortBy(table, column, ascending);
    });
  });
}
