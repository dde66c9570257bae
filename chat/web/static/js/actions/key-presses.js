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
    const asked = shortcutOf(event, { apple, singleKeys: state.preferences.keys });
    if (state.dialog && !dialogs.isThere()) pressBefore(event, asked, state.dialog);
    else if (asked) press(event, asked, state);
    else if (!state.dialog && !dialogs.isOpen() && !state.drawerOpen && beginsMessage(event, { apple })) {
      // The letter itself comes after this, and to whoever has the focus by then.
      focusField();
    }
  };

  function press(event, asked, state) {
    // A dialog keeps the keys to itself, except that the key which opened it closes it.
    if (dialogs.isOpen() && state.dialog?.name !== DIALOGS[asked]) return;
    // The browser's own way will do, unless there is more of the chat to fetch.
    if (asked === "print" && !actions.isPartShown()) return;
    event.preventDefault();
    // A key that is held down asks once.
    if (event.repeat) return;
    if (dialogs.isOpen()) actions.closeDialog();
    else act(asked);
  }

  /** The dialog was asked for, but its part of the page is still on its way: nothing that is meant for it is lost. */
  function pressBefore(event, asked, dialog) {
    if (asked === "print") return;
    if (dialog.name === "search" && typed(event)) {
      event.preventDefault();
    } else if (asked) {
      event.preventDefault();
      // Pressed again, since nothing is seen yet: it is asked for already.
      if (event.repeat || DIALOGS[asked] === dialog.name) return;
      actions.closeDialog();
      act(asked);
    } else if (event.key === "Escape") {
      event.preventDefault();
      actions.closeDialog();
    }
  }

  function typed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const letter = [...event.key].length === 1;
    if (letter) actions.typeAhead((text) => text + event.key);
    else if (event.key === "Backspace") actions.typeAhead((text) => [...text].slice(0, -1).join(""));
    return letter || ["Backspace", "Enter"].includes(event.key);
  }

  function act(asked) {
    if (asked === "print") actions.printChat();
    else if (DIALOGS[asked]) actions.showDialog(DIALOGS[asked]);
    else if (asked === "newChat") actions.newChat();
    else if (asked === "sidebar") actions.toggleSidebar();
    else focusField();
  }
}
