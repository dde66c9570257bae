// Detect the end of answers: mark chats with an unseen answer as unread, and notify the user.

import { runningMessage } from "../state/conversation.js";
import { setWith, setWithout } from "../state/unread.js";

const OTHERS_MS = 400;

/**
 * `isSeen()`: this window is visible and has the focus. `notify({key, title})` shows a system notification, if
 * allowed.
 */
export function unreadActions({ store, isSeen, notify, wait = (run) => setTimeout(run, OTHERS_MS) }) {
  const isShown = (key) => store.state.openKey === key && isSeen();
  const isRunning = (state, key) => {
    const conversation = state.conversations.get(key);
    if (state.runningIds.has(key) || (conversation && runningMessage(conversation))) return true;
    return state.history.items.find(({ id }) => id === key)?.running === true;
  };

  /**
   * Call this after every change and when the window gets the focus. `withAwaited` records awaited answers with the
   * change itself, because an answer may end before the first call.
   */
  function watchEnds() {
    const { state } = store;
    let { awaitedIds, unreadIds } = state;
    const ended = state.history.phase === "ready" ? [...awaitedIds].filter((id) => !isRunning(state, id)) : [];
    for (const id of ended) {
      awaitedIds = setWithout(awaitedIds, id);
      // A chat that is in no list cannot be found by its dot.
      const listed = state.openKey === id || state.history.items.some((item) => item.id === id);
      if (listed && !isShown(id)) unreadIds = setWith(unreadIds, id);
    }
    if (isSeen()) unreadIds = setWithout(unreadIds, state.openKey);
    if (awaitedIds !== state.awaitedIds || unreadIds !== state.unreadIds) store.update({ awaitedIds, unreadIds });
    for (const id of ended) tell(id);
  }

  /** Notify after a moment, in which another window that shows the chat can mark it as seen. */
  function tell(key) {
    if (!store.state.unreadIds.has(key) || !store.state.preferences.notify) return;
    wait(() => {
      if (!store.state.unreadIds.has(key) || isSeen()) return;
      const { state } = store;
      const item = state.history.items.find(({ id }) => id === key);
      notify({ key, title: item?.title || state.conversations.get(key)?.title || "" });
    });
  }

  return { watchEnds };
}
