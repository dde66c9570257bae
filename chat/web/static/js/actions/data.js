// Everything a person has here: counted, taken along, deleted.

import { removeStored } from "../browser/storage.js";
import { describeError } from "../network/errors.js";

/** `leave()` begins the page anew. */
export function dataActions({ store, api, leave }) {
  /** Resolves with a sentence where it did not work; otherwise the page begins anew. */
  async function deleteData() {
    try {
      await api.deleteData();
    } catch (error) {
      return describeError(error);
    }
    // Nothing of it may be written again by this page as it leaves.
    store.update({ drafts: new Map(), queues: new Map(), unreadIds: new Set(), awaitedIds: new Set() });
    for (const group of ["draft", "queue", "unread", "awaited"]) removeStored(group);
    leave();
    return null;
  }

  return { countData: api.countData, deleteData, exportAllAddress: api.exportAllAddress };
}
