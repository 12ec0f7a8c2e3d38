"use strict";
// Reads what the page holds, and says how a number is written.

const content = JSON.parse(document.getElementById("data").textContent);
const frames = content.frames;
const state = { frame: frames.length - 1, example: 0 };

const DECODERS = {
  f4: Float32Array, f8: Float64Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array,
};

function decoded(packed) {
  if (!packed.values) {
    const binary = atob(packed.data);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    packed.values = new DECODERS[packed.dtype](bytes.buffer);
    packed.data = "";
  }
  return packed;
}

// The array of that key in the frame that is shown, with its entry of the structure; null where the frame has none.
function arrayOf(key, frame = frames[state.frame]) {
  let packed = frame.arrays[key];
  if (typeof packed === "string") packed = frame.arrays[packed]; // the same as another one
  if (!packed) return null;
  const { shape, values } = decoded(packed);
  return { key, rows: shape[0], columns: shape[1], values, at: (r, c) => values[r * shape[1] + c] };
}

const entries = new Map();
for (const group of [...content.structure.layers, ...content.structure.updates])
  for (const entry of group.arrays) entries.set(entry.key, entry);

function isWhole(entry) {
  return entry.block[0] === 1 && entry.block[1] === 1;
}

// Four significant digits; the full number is in the cell's data-value.
function written(value) {
  if (value === null) return "not finite";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-4 ? value.toExponential(3) : value.toPrecision(4);
  const short = text.includes("e") ? Number(text).toExponential() : String(Number(text));
  return short.replace("e+", "e").replace(/-/g, "−");
}

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function largest(values) {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}

function named(names, index) {
  return names[index] ?? String(index);
}
