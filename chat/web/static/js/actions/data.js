// All data of this user: count, export, delete.

import { removeStored } from "../browser/storage.js";
import { notifyOtherWindows } from "../browser/windows.js";
import { describeError } from "../network/errors.js";

/** `leave()` loads the page anew. */
export function dataActions({ store, api, leave, notifyOthers = notifyOtherWindows }) {
  /** Delete all data and load the page anew. On failure, resolve with an error message. */
  async function deleteData() {
    try {
      await api.deleteData();
    } catch (error) {
      return describeError(error);
    }
    for (const { id } of store.state.history.items) notifyOthers({ conversation: id, running: false, gone: true });
    // The page must not store any of it again while it unloads.
    store.update({ drafts: new Map(), queues: new Map(), unreadIds: new Set(), awaitedIds: new Set() });
    for (const group of ["draft", "queue", "unread", "awaited"]) removeStored(group);
    leave();
    return null;
  }

  return { countData: api.countData, deleteData, exportAllAddress: api.exportAllAddress };
}
