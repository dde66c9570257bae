import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPresses } from "../../chat/web/static/js/actions/key-presses.js";

/** A page whose dialog is "coming" (loading), "open", or none. */
function page({ dialog = null, coming = false, partShown = false } = {}) {
  const done = [];
  const note =
    (name) =>
    (...given) =>
      done.push([name, ...given].join(" "));
  const state = { dialog: dialog && { name: dialog }, drawerOpen: false, preferences: { keys: true } };
  let typed = "";
  const press = keyPresses({
    stateOf: () => state,
    actions: {
      isPartShown: () => partShown,
      typeAhead(change) {
        typed = change(typed);
      },
      ...Object.fromEntries(
        ["printChat", "showDialog", "closeDialog", "newChat", "toggleSidebar"].map((name) => [name, note(name)]),
      ),
    },
    apple: false,
    dialogs: { isThere: () => dialog !== null && !coming, isOpen: () => dialog !== null && !coming },
    focusField: note("focusField"),
  });
  /** Return whether the browser's default action was prevented. */
  const pressed = (key, held = {}) => {
    let prevented = false;
    press({
      key,
      target: null,
      ...{ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
      preventDefault() {
        prevented = true;
      },
      ...held,
    });
    return prevented;
  };
  return { pressed, done, typed: () => typed };
}

const control = { ctrlKey: true };

test("shortcuts do what they say, and a letter goes to the message box", () => {
  const { pressed, done } = page();
  assert.equal(pressed("k", control), true);
  assert.equal(pressed("?"), true);
  assert.equal(pressed("O", { ...control, shiftKey: true }), true);
  assert.equal(pressed("a"), false);
  assert.deepEqual(done, ["showDialog search", "showDialog shortcuts", "newChat", "focusField"]);
});

test("key repeat counts as one press", () => {
  const { pressed, done } = page();
  pressed("k", control);
  assert.equal(pressed("k", { ...control, repeat: true }), true);
  assert.deepEqual(done, ["showDialog search"]);
});

test("the browser prints by itself, unless older messages must be loaded first", () => {
  assert.equal(page().pressed("p", control), false);
  const part = page({ partShown: true });
  assert.equal(part.pressed("p", control), true);
  assert.deepEqual(part.done, ["printChat"]);
});

test("an open dialog keeps the keys, and the key that opened it closes it", () => {
  const { pressed, done } = page({ dialog: "search" });
  assert.equal(pressed("/", control), false);
  assert.equal(pressed("a"), false);
  assert.equal(pressed("k", control), true);
  assert.deepEqual(done, ["closeDialog"]);
});

test("text typed while the search dialog loads goes into it", () => {
  const { pressed, done, typed } = page({ dialog: "search", coming: true });
  for (const key of ["C", "h", "j", "Backspace", "i", "?", " ", "中"]) assert.equal(pressed(key), true);
  assert.equal(typed(), "Chi? 中");
  assert.equal(pressed("Enter"), true); // nor is a message sent by it
  assert.equal(pressed("k", control), true); // it is asked for already
  assert.equal(pressed("v", control), false);
  assert.deepEqual(done, []);
});

test("Escape cancels a dialog that is loading, and another shortcut replaces it", () => {
  for (const dialog of ["search", "settings", "shortcuts"]) {
    const { pressed, done } = page({ dialog, coming: true });
    assert.equal(pressed("Escape"), true);
    assert.deepEqual(done, ["closeDialog"]);
  }
  const { pressed, done } = page({ dialog: "settings", coming: true });
  pressed("k", control);
  pressed("O", { ...control, shiftKey: true });
  assert.deepEqual(done, ["closeDialog", "showDialog search", "closeDialog", "newChat"]);
});

test("letters typed while another dialog loads are not handled", () => {
  const { pressed, done } = page({ dialog: "settings", coming: true });
  assert.equal(pressed("a"), false);
  assert.deepEqual(done, []);
});
