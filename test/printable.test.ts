/** What is shown of text that is not ours: no control character, and no more than a screen. */
import assert from "node:assert/strict";
import test from "node:test";
import { bad } from "../src/errors.js";
import { clipped, escaped, listed, printable } from "../src/printable.js";
import { jsonOf } from "../src/report/json.js";

const CONTROLS = [...range(0x00, 0x1f), ...range(0x7f, 0x9f)];
const BIDI = [0x061c, 0x200e, 0x200f, ...range(0x202a, 0x202e), ...range(0x2066, 0x2069)];

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

test("each control character, each line separator and each character that turns text around is written out, and no other", () => {
  const hidden = new Set([...CONTROLS, ...BIDI, 0x2028, 0x2029]);
  for (let code = 0; code < 0x1_0000; code++) {
    const character = String.fromCharCode(code);
    assert.equal(escaped(character) !== character, hidden.has(code), code.toString(16));
    assert.equal(printable(character) !== character, hidden.has(code) && character !== "\n", code.toString(16));
  }
  assert.equal(escaped("a\nb\tc\rd\u001b[2J\u0000\u009b\u202e"), "a\\nb\\tc\\rd\\u001b[2J\\u0000\\u009b\\u202e");
  assert.equal(escaped(escaped("\u001b")), "\\u001b");
  assert.equal(escaped("λ = ½ 😀"), "λ = ½ 😀");
});

test("a long value is cut with how much more there is, and what was cut is not cut again", () => {
  assert.equal(clipped("short"), "short");
  const cut = `${"x".repeat(500)}… and 999500 more characters`;
  assert.equal(clipped("x".repeat(1_000_000)), cut);
  assert.equal(clipped(cut), cut);
});

test("a long list is cut with how many more there are", () => {
  const names = range(1, 23);
  assert.equal(listed(names.slice(0, 20)), names.slice(0, 20).join(", "));
  assert.equal(listed(names), `${names.slice(0, 20).join(", ")}, … and 3 more`);
});

test("an error shows no control character, its beginning and its end, and at most 20 lines", () => {
  assert.equal(bad("got \u001b[2J\u009b: leave it out").message, "got \\u001b[2J\\u009b: leave it out");
  const { message } = bad(`--name must be a name, got ${"x".repeat(20_000_000)}: leave it out`);
  assert.match(message, /^--name must be a name, got x+ … and 19998641 more characters … x+: leave it out$/);
  assert.equal(message.length, 1000 + 400 + " … and 19998641 more characters … ".length);
  assert.equal(bad(range(1, 50).map(String)).message, `${range(1, 20).join("\n")}\n… and 30 more`);
  assert.equal(bad("got two\nlines: write one").message, "got two\\nlines: write one");
});

test("JSON has numbers that are none as texts, and reads back as it was", () => {
  const value = {
    a: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -0, 1e308],
    "\u007f": "\u009b\u202e",
  };
  const text = jsonOf(value);
  assert.equal(text, '{"a":["Infinity","-Infinity","NaN",0,1e+308],"\\u007f":"\\u009b\\u202e"}');
  assert.deepEqual(JSON.parse(text), { a: ["Infinity", "-Infinity", "NaN", 0, 1e308], "\u007f": "\u009b\u202e" });
});
