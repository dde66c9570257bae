// Print the open chat, including messages that are not loaded yet.

import { beforeFirst, pathOf } from "../state/conversation.js";

/** `print` opens the browser's print dialog. `drawn` resolves when the page shows the state. */
export function printingActions({ store, loadOlder, print, drawn }) {
  const find = (key) => store.state.conversations.get(key);
  const firstOf = (key) => (find(key) ? beforeFirst(pathOf(find(key))) : null);

  /** Return whether the server has messages before the first one in the page. */
  const isPartShown = () => firstOf(store.state.openKey) !== null;

  async function printChat() {
    const key = store.state.openKey;
    for (let before = firstOf(key); before !== null; ) {
      await idle(key);
      await loadOlder(key);
      const now = firstOf(key);
      // Older messages cannot be loaded: print what is there.
      if (now === before && find(key)?.older !== "loading") break;
      before = now;
    }
    await drawn();
    print();
  }

  /** Resolve when no page of the chat is being loaded. */
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
