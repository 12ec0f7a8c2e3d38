// Says how a cell came about: the rule by name, the terms of its sum, and what they add up to.

function shared(key, ...symbols) {
  const layer = key.slice(0, key.lastIndexOf("/"));
  return symbols.map((symbol) => {
    const entry = entries.get(`${layer}/${symbol}`);
    const array = entry && isWhole(entry) ? arrayOf(entry.key) : null;
    return array;
  });
}

const product = (label, a, b, chosen = false) => ({ label, text: `${written(a)} · ${written(b)}`, value: a * b, chosen });
const range = (n) => [...Array(n).keys()];

// A sum over the batch, of which 32 rows at most are here.
function overBatch(of, count) {
  return { terms: range(count).map((n) => of(n, n === state.example)), over: "n" };
}

function scaled(sum, factor, what) {
  if (!sum) return null;
  return { ...sum, line: `${sum.line}, each divided by √D = ${written(1 / factor)}`,
    terms: sum.terms.map((term) => (term.label.startsWith(what) ? term : { ...term, text: `${term.text} / √D`, value: term.value * factor })) };
}

// 1/√D of a layer in the neural-tangent parametrization.
const tangent = (key) => 1 / Math.sqrt(entries.get(`${key.slice(0, key.lastIndexOf("/"))}/W`).shape[0]);

const SUMS = {
  "tangent.Z": (k, r, c) => scaled(SUMS["dense.Z"](k, r, c), tangent(k), "b"),
  "tangent.dW": (k, r, c) => scaled(SUMS["dense.dW"](k, r, c), tangent(k), "-"),
  "tangent.dX": (k, r, c) => scaled(SUMS["dense.dX"](k, r, c), tangent(k), "-"),
  "scale.Y": (k, r, c) => {
    const [X, s] = shared(k, "X", "s");
    return X && s && { line: "y = x·s", terms: [product("", X.at(r, c), s.at(0, c))] };
  },
  "scale.ds": (k, r, c) => {
    const [dY, X] = shared(k, "dY", "X");
    if (!dY || !X) return null;
    return { line: "ds = Σₙ dy·x, over the batch", ...overBatch((n, is) => product(`dy${n} · x${n}`, dY.at(n, c), X.at(n, c), is), dY.rows) };
  },
  "scale.dX": (k, r, c) => {
    const [dY, s] = shared(k, "dY", "s");
    return dY && s && { line: "dx = dy·s", terms: [product("", dY.at(r, c), s.at(0, c))] };
  },
  "adjusted.Z": (k, r, c) => {
    const [Z, w] = shared(k, "Z", "log w");
    return Z && w && { line: "z + log w", terms: [{ label: "z", text: "", value: Z.at(r, c) }, { label: "log w", text: "", value: w.at(0, c) }] };
  },
  "dense.Z": (k, r, c) => {
    const [X, W, b] = shared(k, "X", "W", "b");
    if (!X || !W || !b) return null;
    const terms = range(W.rows).map((d) => product(`x${r},${d} · w${d},${c}`, X.at(r, d), W.at(d, c)));
    return { line: "z = Σ_d x·w + b", terms: [...terms, { label: `b${c}`, text: "", value: b.at(0, c) }] };
  },
  "dense.dW": (k, r, c) => {
    const [X, dZ] = shared(k, "X", "dZ");
    if (!X || !dZ) return null;
    return { line: "dw = Σₙ x·dz, over the batch", ...overBatch((n, is) => product(`x${n},${r} · dz${n},${c}`, X.at(n, r), dZ.at(n, c), is), X.rows) };
  },
  "dense.db": (k, r, c) => {
    const [dZ] = shared(k, "dZ");
    if (!dZ) return null;
    return { line: "db = Σₙ dz, over the batch", ...overBatch((n, is) => ({ label: `dz${n},${c}`, text: "", value: dZ.at(n, c), chosen: is }), dZ.rows) };
  },
  "dense.dX": (k, r, c) => {
    const [dZ, W] = shared(k, "dZ", "W");
    if (!dZ || !W) return null;
    return { line: "dx = Σ_h dz·w", terms: range(W.columns).map((h) => product(`dz${r},${h} · w${c},${h}`, dZ.at(r, h), W.at(c, h))) };
  },
  "elementwise.A": (k, r, c) => {
    const [Z] = shared(k, "Z");
    return Z && { line: `z = ${written(Z.at(r, c))}`, terms: [] };
  },
  "elementwise.slope": (k, r, c) => {
    const [Z, A] = shared(k, "Z", "A");
    return Z && A && { line: `z = ${written(Z.at(r, c))}, a = ${written(A.at(r, c))}`, terms: [] };
  },
  "elementwise.dZ": (k, r, c) => pairwise(k, r, c, "dA", "f′(Z)", "dz = da · f′(z)"),
  "same.Y": (k, r, c) => copied(k, r, c, "X"),
  "same.dX": (k, r, c) => copied(k, r, c, "dY"),
  "dropout.Y": (k, r, c) => pairwise(k, r, c, "X", "M", "y = x · m"),
  "dropout.dX": (k, r, c) => pairwise(k, r, c, "dY", "M", "dx = dy · m"),
  "norm.X̂": (k, r, c) => {
    const [X, mean, s] = shared(k, "X", "μ", "s");
    if (!X || !mean || !s) return null;
    const [m, scale] = [either(mean, r, c), either(s, r, c)];
    return { line: "x̂ = (x − μ)·s", terms: [product("x · s", X.at(r, c), scale), product("−μ · s", -m, scale)] };
  },
  "norm.Y": (k, r, c) => {
    const [X, gamma, beta] = shared(k, "X̂", "γ", "β");
    if (!X || !gamma || !beta) return null;
    return { line: "y = γ·x̂ + β", terms: [product("γ · x̂", gamma.at(0, c), X.at(r, c)), { label: "β", text: "", value: beta.at(0, c) }] };
  },
  "norm.dγ": (k, r, c) => {
    const [dY, X] = shared(k, "dY", "X̂");
    if (!dY || !X) return null;
    return { line: "dγ = Σₙ dy·x̂, over the batch", ...overBatch((n, is) => product(`dy${n} · x̂${n}`, dY.at(n, c), X.at(n, c), is), dY.rows) };
  },
  "norm.dβ": (k, r, c) => {
    const [dY] = shared(k, "dY");
    if (!dY) return null;
    return { line: "dβ = Σₙ dy, over the batch", ...overBatch((n, is) => ({ label: `dy${n}`, text: "", value: dY.at(n, c), chosen: is }), dY.rows) };
  },
  "norm.dX of constants": (k, r, c) => {
    const [dY, gamma, s] = shared(k, "dY", "γ", "s");
    if (!dY || !gamma || !s) return null;
    return { line: "dx = dy·γ·s", terms: [product("dy·γ · s", dY.at(r, c) * gamma.at(0, c), s.at(0, c))] };
  },
  "norm.dX": (k, r, c) => {
    const [dY, gamma, s, p, q, X] = shared(k, "dY", "γ", "s", "p", "q", "X̂");
    if (!dY || !gamma || !s || !p || !q || !X) return null;
    const scale = either(s, r, c);
    return { line: "dx = s·(dy·γ − p − x̂·q)", terms: [
      product("s · dy·γ", scale, dY.at(r, c) * gamma.at(0, c)),
      product("s · −p", scale, -either(p, r, c)),
      product("s · −x̂·q", scale, -X.at(r, c) * either(q, r, c)),
    ] };
  },
  "residual.Y": (k, r, c) => added(k, r, c, "X", "f(X)"),
  "residual.dX": (k, r, c) => added(k, r, c, "dY", "dX of f"),
  "softmax.P": (k, r, c) => {
    const [adjusted, plain] = shared(k, "Z + log w", "Z"), Z = adjusted ?? plain;
    if (!Z) return null;
    const top = Math.max(...range(Z.columns).map((j) => Z.at(r, j)));
    const powers = range(Z.columns).map((j) => Math.exp(Z.at(r, j) - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    return { line: `p = e^(z − ${written(top)}) / Σ_k e^(z_k − ${written(top)}) = ${written(powers[c])} / ${written(sum)}`,
      terms: [{ label: "", text: `${written(powers[c])} / ${written(sum)}`, value: powers[c] / sum }] };
  },
  "entropy.ℓ": (k, r) => {
    const [P, target] = [shared(k, "P")[0], targetOf(k)];
    if (!P || !target) return null;
    const terms = range(P.columns).filter((j) => target.at(r, j) > 0);
    return { line: "ℓ = −Σ_c t_c log p_c", terms: terms.map((j) => ({
      label: named(content.classes, j), text: `−${written(target.at(r, j))} · log ${written(P.at(r, j))}`,
      value: -target.at(r, j) * Math.log(P.at(r, j)),
    })) };
  },
  "entropy.dZ": (k, r, c) => {
    const [P, sums, D] = shared(k, "P", "Σ T", "D"), target = targetOf(k);
    if (!P || !target) return null;
    const divisor = D ? D.at(0, 0) : content.structure.rows, sum = sums ? sums.at(r, 0) : 1;
    const times = sums ? ` · ${written(sum)}` : "";
    return { line: sums ? "dz = (p·Σt − t)/D" : "dz = (p − y)/N", terms: [
      { label: sums ? "p·Σt/D" : "p/N", text: `${written(P.at(r, c))}${times} / ${written(divisor)}`, value: P.at(r, c) * sum / divisor },
      { label: sums ? "−t/D" : "−y/N", text: `−${written(target.at(r, c))} / ${written(divisor)}`, value: -target.at(r, c) / divisor },
    ] };
  },
  "regression.E": (k, r, c) => {
    const [Z, T] = shared(k, "Z", "T");
    return Z && T && { line: "e = z − t", terms: [{ label: "z", text: "", value: Z.at(r, c) }, { label: "−t", text: "", value: -T.at(r, c) }] };
  },
  "squared.dZ": (k, r, c) => {
    const [E] = shared(k, "E"), count = content.structure.rows * (E ? E.columns : 1);
    return E && { line: `dz = 2e/(NK), NK = ${count}`, terms: [{ label: "2e/NK", text: `2 · ${written(E.at(r, c))} / ${count}`, value: 2 * E.at(r, c) / count }] };
  },
  "absolute.dZ": (k, r, c) => {
    const [E] = shared(k, "E"), count = content.structure.rows * (E ? E.columns : 1);
    return E && { line: `dz = sign(e)/(NK), NK = ${count}`, terms: [{ label: "sign(e)/NK", text: "", value: Math.sign(E.at(r, c)) / count }] };
  },
};

function targetOf(key) {
  const [Y, T] = shared(key, "Y", "T");
  return Y ?? T;
}

// Statistics lie in one row, or in one column.
function either(array, r, c) {
  return array.rows === 1 ? array.at(0, array.columns === 1 ? 0 : c) : array.at(r, array.columns === 1 ? 0 : c);
}

function pairwise(key, r, c, left, right, line) {
  const [a, b] = shared(key, left, right);
  return a && b && { line, terms: [product("", a.at(r, c), b.at(r, c))] };
}

function added(key, r, c, left, right) {
  const [a, b] = shared(key, left, right);
  return a && b && { line: `${left} + ${right}`, terms: [
    { label: left, text: "", value: a.at(r, c) }, { label: right, text: "", value: b.at(r, c) },
  ] };
}

function copied(key, r, c, from) {
  const [a] = shared(key, from);
  return a && { line: `the same as ${from}`, terms: [{ label: from, text: "", value: a.at(r, c) }] };
}
