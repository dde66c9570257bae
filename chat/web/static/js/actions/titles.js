// Titles that a model writes after the first answer: they come when the turn is over, so the page asks for them.

import { notifyOtherWindows } from "../browser/windows.js";
import { conversationChanged, itemChanged } from "../state/page.js";

/** When the page asks, in milliseconds after the end of the answer. */
export const ASK_AT_MS = [1500, 4000, 9000, 20_000];

export function titleActions({ store, api, pause = wait }) {
  const titleOf = (key) => store.state.conversations.get(key)?.title ?? null;

  /** To be called at the end of an answer whose question gave the chat its title. */
  async function awaitTitle(key) {
    if (!store.state.me?.features?.titles) return;
    const before = titleOf(key);
    let waited = 0;
    for (const at of ASK_AT_MS) {
      await pause(at - waited);
      waited = at;
      // Gone, or the person has given it a name meanwhile.
      if (titleOf(key) === null || titleOf(key) !== before) return;
      const title = await fetchTitle(key);
      if (title === null) return;
      if (title === before || titleOf(key) !== before) continue;
      store.update((state) => ({
        ...conversationChanged(state, key, (conversation) => ({ ...conversation, title })),
        ...itemChanged(state, key, { title }),
      }));
      notifyOtherWindows({ conversation: key, running: false });
      return;
    }
  }

  /** The title as the server has it; what was known, where it cannot be reached; null where the chat is gone. */
  async function fetchTitle(key) {
    try {
      return String((await api.conversation(key, { limit: 1 })).title ?? "");
    } catch (error) {
      return /** @type {any} */ (error).status === 404 ? null : titleOf(key);
    }
  }

  return { awaitTitle };
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
