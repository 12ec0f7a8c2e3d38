// Draws the formulas of a page with KaTeX, which is served beside it; one that is wrong stays as text, in red.
for (const element of document.querySelectorAll(".arithmatex")) {
  const formula = element.textContent.trim();
  katex.render(formula.slice(2, -2), element, { displayMode: formula.startsWith("\\["), throwOnError: false });
}
