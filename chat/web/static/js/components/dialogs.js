// Which dialog is open, if one is.

import { html } from "../view.js";
import { SearchDialog } from "./search-dialog.js";
import { SettingsDialog } from "./settings-dialog.js";
import { ShareDialog } from "./share-dialog.js";
import { ShortcutsSheet } from "./shortcuts-sheet.js";

export function Dialogs({ state, actions }) {
  const { dialog } = state;
  switch (dialog?.name) {
    case "search":
      return html`<${SearchDialog} recent=${state.history.items} removingIds=${state.removingIds} actions=${actions} />`;
    case "share":
      return html`<${ShareDialog} item=${dialog.item} actions=${actions} />`;
    case "settings":
      return html`<${SettingsDialog} preferences=${state.preferences} me=${state.me} actions=${actions} />`;
    case "shortcuts":
      return html`<${ShortcutsSheet} preferences=${state.preferences} actions=${actions} />`;
    default:
      return null;
  }
}
