// Key presses anywhere on the page: shortcuts, and letters that begin a message or a search.

import { shortcutOf } from "../browser/keys.js";
import { beginsMessage } from "../browser/typing.js";

const DIALOGS = { search: "search", help: "shortcuts" };

/**
 * Return a handler for key presses. `stateOf()` returns the newest state. `dialogs.isThere()`: a dialog is in the
 * page. `dialogs.isOpen()`: it is open. `focusField()` moves the focus to the message box.
 */
export function keyPresses({ stateOf, actions, apple, dialogs, focusField }) {
  return (event) => {
    const state = stateOf();
    const shortcut = shortcutOf(event, { apple, singleKeys: state.preferences.keys });
    if (state.dialog && !dialogs.isThere()) pressWhileLoading(event, shortcut, state.dialog);
    else if (shortcut) pressShortcut(event, shortcut, state);
    else if (!state.dialog && !dialogs.isOpen() && !state.drawerOpen && beginsMessage(event, { apple })) {
      // The browser delivers the letter after this handler, to the element that has the focus by then.
      focusField();
    }
  };

  function pressShortcut(event, shortcut, state) {
    // An open dialog handles all keys itself, except the shortcut that opened it: it closes the dialog.
    if (dialogs.isOpen() && state.dialog?.name !== DIALOGS[shortcut]) return;
    // The browser's own print command is enough if the whole chat is loaded.
    if (shortcut === "print" && !actions.isPartShown()) return;
    event.preventDefault();
    // Key repeat counts as one press.
    if (event.repeat) return;
    if (dialogs.isOpen()) actions.closeDialog();
    else perform(shortcut);
  }

  /** The dialog's module is still loading: keep what is typed for it. */
  function pressWhileLoading(event, shortcut, dialog) {
    if (shortcut === "print") return;
    if (dialog.name === "search" && typeIntoDialog(event)) {
      event.preventDefault();
    } else if (shortcut) {
      event.preventDefault();
      // Nothing is visible yet, so the user pressed the same shortcut again: the dialog is already on its way.
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
