import assert from "node:assert/strict";
import { test } from "node:test";
import { beginsMessage } from "../../chat/web/static/js/browser/typing.js";

const on = (matching) => ({ closest: (selector) => (matching && selector.includes(matching) ? {} : null) });
const press = (key, more = {}) => ({ key, target: on(null), ...more });

for (const key of ["a", "Z", "ä", "中", "7", "/", "😀"]) {
  test(`${key} begins a message`, () => assert.equal(beginsMessage(press(key)), true));
}

for (const key of [" ", "Enter", "Escape", "Tab", "ArrowUp", "F5", "Dead", "Process", "Shift", "Backspace"]) {
  test(`${JSON.stringify(key)} does not`, () => assert.equal(beginsMessage(press(key)), false));
}

for (const field of [
  "textarea",
  "select",
  "[contenteditable]",
  "[role=menuitem]",
  "[role=option]",
  "dialog",
  "input",
]) {
  test(`${field} keeps its keys`, () => assert.equal(beginsMessage(press("a", { target: on(field) })), false));
}

test("shortcuts stay shortcuts, and copying stays copying", () => {
  assert.equal(beginsMessage(press("c", { ctrlKey: true })), false);
  assert.equal(beginsMessage(press("a", { ctrlKey: true })), false);
  assert.equal(beginsMessage(press("c", { metaKey: true })), false);
  assert.equal(beginsMessage(press("d", { altKey: true })), false);
  assert.equal(beginsMessage(press("a", { isComposing: true })), false);
  assert.equal(beginsMessage(press("a", { defaultPrevented: true })), false);
});

test("what is pasted goes into the box", () => {
  assert.equal(beginsMessage(press("v", { ctrlKey: true })), true);
  assert.equal(beginsMessage(press("v", { metaKey: true }), { apple: true }), true);
  assert.equal(beginsMessage(press("v", { ctrlKey: true }), { apple: true }), false);
});

test("AltGr writes letters", () => {
  const altGraph = { ctrlKey: true, altKey: true, getModifierState: (name) => name === "AltGraph" };
  assert.equal(beginsMessage(press("@", altGraph)), true);
});
