import assert from "node:assert/strict";
import { test } from "node:test";

import { shortcutOf } from "../../chat/web/static/js/browser/keys.js";

const press = (key, held = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  isComposing: false,
  target: null,
  ...held,
});
const typing = { closest: () => ({}) };

test("shortcuts take Ctrl, and ⌘ on Apple's machines", () => {
  assert.equal(shortcutOf(press("k", { ctrlKey: true })), "search");
  assert.equal(shortcutOf(press("k", { metaKey: true })), null);
  assert.equal(shortcutOf(press("k", { metaKey: true }), { apple: true }), "search");
  assert.equal(shortcutOf(press("k", { ctrlKey: true }), { apple: true }), null);
});

test("a shortcut needs exactly its modifiers", () => {
  assert.equal(shortcutOf(press("O", { ctrlKey: true, shiftKey: true })), "newChat");
  assert.equal(shortcutOf(press("o", { ctrlKey: true })), null);
  assert.equal(shortcutOf(press("k", { ctrlKey: true, shiftKey: true })), null);
  assert.equal(shortcutOf(press("k", { ctrlKey: true, altKey: true })), null);
  assert.equal(shortcutOf(press("k")), null);
  assert.equal(shortcutOf(press("Escape", { shiftKey: true })), "focus");
  assert.equal(shortcutOf(press("Escape")), null);
  assert.equal(shortcutOf(press("/", { ctrlKey: true, shiftKey: true })), "help");
});

test("the single-key shortcut works outside of text fields, and can be switched off", () => {
  const question = press("?", { shiftKey: true });
  assert.equal(shortcutOf(question), "help");
  assert.equal(shortcutOf({ ...question, target: typing }), null);
  assert.equal(shortcutOf(question, { singleKeys: false }), null);
  assert.equal(shortcutOf(press("k", { ctrlKey: true, target: typing })), "search");
});

test("keys of an input method are ignored", () => {
  assert.equal(shortcutOf(press("k", { ctrlKey: true, isComposing: true })), null);
});
