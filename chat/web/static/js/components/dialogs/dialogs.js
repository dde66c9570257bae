// The open dialog, if any.

import { html } from "../../view.js";
import { ArchiveDialog } from "./archive-dialog.js";
import { DeleteAllDialog } from "./delete-all-dialog.js";
import { SearchDialog } from "./search-dialog.js";
import { SettingsDialog } from "./settings-dialog.js";
import { ShareDialog } from "./share-dialog.js";
import { ShortcutsSheet } from "./shortcuts-sheet.js";

const KINDS = {
  search: SearchDialog,
  share: ShareDialog,
  settings: SettingsDialog,
  archive: ArchiveDialog,
  deleteAll: DeleteAllDialog,
  shortcuts: ShortcutsSheet,
};

export function Dialogs({ state, actions }) {
  const { dialog, preferences } = state;
  const kind = KINDS[dialog?.name];
  if (!kind) return null;
  const close = () => actions.closeDialog(dialog);
  const about = {
    search: { recent: state.history.items, removingIds: state.removingIds, actions },
    share: { item: dialog.item, actions },
    settings: { preferences, me: state.me, actions },
    archive: { removingIds: state.removingIds, actions },
    deleteAll: { actions },
    shortcuts: { preferences, actions },
  }[dialog.name];
  // A reopened dialog is a new one, even if the previous one has not closed yet.
  return html`<${kind} key=${dialog} onClose=${close} ...${about} />`;
}
