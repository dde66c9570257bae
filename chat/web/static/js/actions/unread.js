// Knowing when an answer is done: which chats have one that nobody has seen yet, and who is told of it.

import { runningMessage } from "../state/conversation.js";
import { setWith, setWithout } from "../state/unread.js";

const OTHERS_MS = 400;

/**
 * `isSeen()`: whether somebody looks at this window. `notify({key, title})` tells the person outside of the page, if
 * that was allowed.
 */
export function unreadActions({ store, isSeen, notify, wait = (run) => setTimeout(run, OTHERS_MS) }) {
  const isShown = (key) => store.state.openKey === key && isSeen();
  const isRunning = (state, key) => {
    const conversation = state.conversations.get(key);
    if (state.runningIds.has(key) || (conversation && runningMessage(conversation))) return true;
    return state.history.items.find(({ id }) => id === key)?.running === true;
  };

  /**
   * To be called after every change, and when the window is looked at. What is awaited was noted with the change
   * itself, by `withAwaited`: an answer may be over before this is called for the first time.
   */
  function watchEnds() {
    const { state } = store;
    let { awaitedIds, unreadIds } = state;
    const ended = state.history.phase === "ready" ? [...awaitedIds].filter((id) => !isRunning(state, id)) : [];
    for (const id of ended) {
      awaitedIds = setWithout(awaitedIds, id);
      // A chat that is in no list any more has nothing to be read.
      const known = state.conversations.has(id) || state.history.items.some((item) => item.id === id);
      if (known && !isShown(id)) unreadIds = setWith(unreadIds, id);
    }
    if (isSeen()) unreadIds = setWithout(unreadIds, state.openKey);
    if (awaitedIds !== state.awaitedIds || unreadIds !== state.unreadIds) store.update({ awaitedIds, unreadIds });
    for (const id of ended) tell(id);
  }

  /** After a moment, in which another window that shows the chat says that it is seen. */
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
