// Delete conversations with a time to undo. The server is asked only after that time.

import { notifyOtherWindows } from "../browser/windows.js";
import { isolated } from "../markdown/direction.js";
import { ApiError } from "../network/api.js";
import { problemOf } from "../network/errors.js";
import { NEW } from "../state/conversation.js";
import { shortened } from "../state/history.js";
import { forgotten } from "../state/page.js";
import { strings } from "../strings/index.js";

const ATTEMPTS = 6;
const PAUSE_MS = 400;

/** `showToast` and `dismissToast` are those of the page. */
export function removalActions({ store, api, open, showToast, dismissToast, notifyOthers = notifyOtherWindows }) {
  // {ids, opened: the id among them that was open, or null}
  /** @type {{ids: any[], opened: any} | null} */
  let pending = null;
  // Ids of final deletions for which no request is on its way.
  const unsent = new Set();

  const hide = (ids, hidden) =>
    store.update((state) => {
      const removingIds = new Set(state.removingIds);
      for (const id of ids) {
        if (hidden) removingIds.add(id);
        else removingIds.delete(id);
      }
      return { removingIds };
    });

  const remove = (item) => removeAll([item]);

  function removeAll(items) {
    const removed = items.filter(({ id }) => !store.state.removingIds.has(id));
    if (removed.length === 0) return;
    settle();
    const ids = removed.map(({ id }) => id);
    const opened = ids.includes(store.state.openKey) ? store.state.openKey : null;
    pending = { ids, opened };
    hide(ids, true);
    if (opened !== null) open(NEW);
    const [{ title }] = removed;
    showToast({
      text:
        ids.length === 1
          ? strings.removal.done(isolated(shortened(title || strings.untitled)))
          : strings.removal.doneMany(ids.length),
      action: { label: strings.removal.undo, run: undo },
      onEnd: settle,
    });
  }

  function undo() {
    const { ids, opened } = pending ?? { ids: null, opened: null };
    pending = null;
    dismissToast();
    if (ids === null) return;
    hide(ids, false);
    if (opened !== null) open(opened);
    store.update({ announcement: ids.length === 1 ? strings.removal.undone : strings.removal.undoneMany });
  }

  async function settle() {
    const ids = pending?.ids ?? [];
    pending = null;
    for (const id of ids) unsent.add(id);
    // One after the other: many requests at once would block all others.
    for (const id of ids) {
      try {
        await removeStopped(id);
        store.update((state) => forgotten(state, id));
        notifyOthers({ conversation: id, running: false, gone: true });
      } catch (error) {
        store.update({ problem: problemOf(error) });
      }
      hide([id], false);
    }
  }

  /** Delete a conversation. The server stops its answer first, and refuses if that does not end soon. */
  async function removeStopped(id) {
    for (let attempt = 1; ; attempt += 1) {
      unsent.delete(id);
      try {
        return await api.removeConversation(id);
      } catch (error) {
        const status = error instanceof ApiError ? error.status : null;
        if (status === 404) return null;
        if (status !== 409 || attempt === ATTEMPTS) throw error;
        unsent.add(id);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  /** The page is being left: a deletion that was not undone is final. */
  function settleAtOnce() {
    for (const id of [...(pending?.ids ?? []), ...unsent]) api.removeConversation(id).catch(() => {});
    pending = null;
    unsent.clear();
  }

  return { remove, removeAll, undoRemoval: undo, settleRemoval: settleAtOnce };
}
