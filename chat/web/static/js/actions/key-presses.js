// What a key press anywhere on the page does: shortcuts, and letters that begin a message or a search.

import { shortcutOf } from "../browser/keys.js";
import { beginsMessage } from "../browser/typing.js";

const DIALOGS = { search: "search", help: "shortcuts" };

/**
 * Handles key presses. `stateOf()` is the newest state; `dialogs.isThere()` says whether a dialog is in the page,
 * `dialogs.isOpen()` whether it is open, and `focusField()` moves the focus to the message box.
 */
export function keyPresses({ stateOf, actions, apple, dialogs, focusField }) {
  return (event) => {
    const state = stateOf();
    const shortcut = shortcutOf(event, { apple, singleKeys: state.preferences.keys });
    if (state.dialog && !dialogs.isThere()) pressWhileLoading(event, shortcut, state.dialog);
    else if (shortcut) pressShortcut(event, shortcut, state);
    else if (!state.dialog && !dialogs.isOpen() && !state.drawerOpen && beginsMessage(event, { apple })) {
      // The letter itself comes after this, and to whoever has the focus by then.
      focusField();
    }
  };

  function pressShortcut(event, shortcut, state) {
    // A dialog keeps the keys to itself, except that the key which opened it closes it.
    if (dialogs.isOpen() && state.dialog?.name !== DIALOGS[shortcut]) return;
    // The browser's own way will do, unless there is more of the chat to fetch.
    if (shortcut === "print" && !actions.isPartShown()) return;
    event.preventDefault();
    // A key that is held down asks once.
    if (event.repeat) return;
    if (dialogs.isOpen()) actions.closeDialog();
    else perform(shortcut);
  }

  /** The dialog was shortcut for, but its part of the page is still on its way: nothing that is meant for it is lost. */
  function pressWhileLoading(event, shortcut, dialog) {
    if (shortcut === "print") return;
    if (dialog.name === "search" && typeIntoDialog(event)) {
      event.preventDefault();
    } else if (shortcut) {
      event.preventDefault();
      // Pressed again, since nothing is seen yet: it is shortcut for already.
      if (event.repeat || DIALOGS[shortcut] === dialog.name) return;
      actions.closeDialog();
      perform(shortcut);
    } else if (event.key === "Escape") {
      event.preventDefault();
      actions.closeDialog();
    }
  }

  function typeIntoDialog(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const letter = [...event.key].length === 1;
    if (letter) actions.typeAhead((text) => text + event.key);
    else if (event.key === "Backspace") actions.typeAhead((text) => [...text].slice(0, -1).join(""));
    return letter || ["Backspace", "Enter"].includes(event.key);
  }

  function perform(shortcut) {
    if (shortcut === "print") actions.printChat();
    else if (DIALOGS[shortcut]) actions.showDialog(DIALOGS[shortcut]);
    else if (shortcut === "newChat") actions.newChat();
    else if (shortcut === "sidebar") actions.toggleSidebar();
    else focusField();
  }
}
