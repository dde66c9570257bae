// Printing the open chat: all of it, also what has not been asked for yet.

import { beforeFirst, pathOf } from "../state/conversation.js";

/** `print` opens the browser's own dialog; `drawn` resolves when the page shows the state. */
export function printingActions({ store, loadOlder, print, drawn }) {
  const find = (key) => store.state.conversations.get(key);
  const firstOf = (key) => (find(key) ? beforeFirst(pathOf(find(key))) : null);

  /** Whether there are messages before the first one in the page. */
  const isPartShown = () => firstOf(store.state.openKey) !== null;

  async function printChat() {
    const key = store.state.openKey;
    for (let before = firstOf(key); before !== null; ) {
      await idle(key);
      await loadOlder(key);
      const now = firstOf(key);
      // Not to be had: what is there is printed.
      if (now === before && find(key)?.older !== "loading") break;
      before = now;
    }
    await drawn();
    print();
  }

  /** Resolves when no page of the chat is on its way. */
  function idle(key) {
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      const look = () => find(key)?.older !== "loading";
      if (look()) return resolve();
      const end = store.subscribe(() => {
        if (!look()) return;
        end();
        resolve();
      });
    });
  }

  return { isPartShown, printChat };
}
