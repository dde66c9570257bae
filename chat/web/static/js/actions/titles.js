// Titles written by a model after the first answer. They come after the turn has ended, so the page polls for them.

import { notifyOtherWindows } from "../browser/windows.js";
import { conversationChanged, itemChanged } from "../state/page.js";

/** Times of the requests, in milliseconds after the end of the answer. */
export const ASK_AT_MS = [1500, 4000, 9000, 20_000];

export function titleActions({ store, api, pause = wait }) {
  const titleOf = (key) => store.state.conversations.get(key)?.title ?? null;

  /** Poll for the model's title. Call this after an answer whose question gave the chat its title. */
  async function awaitTitle(key) {
    if (!store.state.me?.features?.titles) return;
    const before = titleOf(key);
    let waited = 0;
    for (const at of ASK_AT_MS) {
      await pause(at - waited);
      waited = at;
      // The chat is gone, or the user has renamed it meanwhile.
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

  /** Return the server's title; the known one if the server cannot be reached; null if the chat is gone. */
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
