// Deleting a conversation, with a while to think better of it: until then the server is not told.

import { ApiError } from "../network/api.js";
import { describe } from "../network/errors.js";
import { NEW } from "../state/conversation.js";
import { forgotten } from "../state/page.js";
import { strings } from "../strings/index.js";

const ATTEMPTS = 6;
const PAUSE_MS = 400;

/** `stop(key)` ends an answer that is being written there; `say` and `endToast` are the page's. */
export function removalActions({ store, api, open, stop, say, endToast }) {
  let pending = null;

  const hide = (id, hidden) =>
    store.update((state) => {
      const removingIds = new Set(state.removingIds);
      if (hidden) removingIds.add(id);
      else removingIds.delete(id);
      return { removingIds };
    });

  function remove(item) {
    if (store.state.removingIds.has(item.id)) return;
    settle();
    const wasOpen = store.state.openKey === item.id;
    pending = { id: item.id, wasOpen };
    hide(item.id, true);
    if (wasOpen) open(NEW);
    say({
      text: strings.removal.done(item.title || strings.untitled),
      action: { label: strings.removal.undo, run: undo },
      onEnd: settle,
    });
  }

  function undo() {
    const { id, wasOpen } = pending ?? {};
    pending = null;
    endToast();
    if (id === undefined) return;
    hide(id, false);
    if (wasOpen) open(id);
    store.update({ announcement: strings.removal.undone });
  }

  async function settle() {
    const { id } = pending ?? {};
    pending = null;
    if (id === undefined) return;
    try {
      await removeIdle(id);
      store.update((state) => forgotten(state, id));
    } catch (error) {
      store.update({ problem: { text: describe(error) } });
    }
    hide(id, false);
  }

  /** The server deletes no conversation in which an answer is being written: that is stopped first. */
  async function removeIdle(id) {
    if (store.state.runningIds.has(id)) await stop(id);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await api.removeConversation(id);
      } catch (error) {
        const status = error instanceof ApiError ? error.status : null;
        if (status === 404) return null;
        if (status !== 409 || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  /** The page is being left: who did not undo it by now meant it. */
  function settleAtOnce() {
    if (pending) api.removeConversation(pending.id, { keepalive: true }).catch(() => {});
    pending = null;
  }

  return { remove, undoRemoval: undo, settleRemoval: settleAtOnce };
}
