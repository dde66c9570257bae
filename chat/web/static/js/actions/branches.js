// Navigation in a conversation: other branches, older messages, a search result; and feedback on answers.

import { problemOf } from "../network/errors.js";
import {
  beforeFirst,
  pathOf,
  runningMessage,
  siblingsOf,
  storedConversation,
  withMessage,
  withPage,
} from "../state/conversation.js";
import { conversationChanged } from "../state/page.js";

const PAGE = 50;
/** To reach a message far back, load the largest page that the server gives, a limited number of times. */
const LARGEST_PAGE = 200;
const MOST_PAGES = 60;

/** `join(key, message)` follows an answer that is being written. */
export function branchActions({ store, api, join }) {
  const change = (key, how) => store.update((state) => conversationChanged(state, key, how));
  const find = (key) => store.state.conversations.get(key);

  /** Show the branch through the previous or next sibling of this message. */
  async function showVersion(message, step) {
    const key = store.state.openKey;
    const conversation = find(key);
    const ids = siblingsOf(conversation, message);
    const id = ids[ids.indexOf(message.id) + step];
    if (id === undefined || conversation.turn) return;
    try {
      const json = await api.conversation(key, { limit: PAGE, through: id });
      if (find(key) && !find(key).turn) showBranch(key, json);
    } catch (error) {
      store.update({ problem: problemOf(error) });
    }
  }

  function showBranch(key, json) {
    const known = find(key);
    const { messages, headId, onSideBranch } = storedConversation(json, known);
    change(key, (conversation) => ({ ...conversation, messages, headId, onSideBranch, older: null }));
    const running = runningMessage(find(key));
    if (running?.turnId) join(key, running);
  }

  /** Load the messages before the first one that is shown. */
  async function loadOlder(key = store.state.openKey, limit = PAGE) {
    const conversation = find(key);
    const before = conversation && beforeFirst(pathOf(conversation));
    if (!before || conversation.older === "loading") return;
    change(key, (each) => ({ ...each, older: "loading" }));
    try {
      const json = await api.conversation(key, { limit, before });
      change(key, (each) => withPage(each, json));
    } catch {
      // The message list shows this failure itself.
      change(key, (each) => ({ ...each, older: "failed" }));
    }
  }

  /** Load older pages until the message with `targetId` is there. */
  async function loadTarget(key) {
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const conversation = find(key);
      const path = conversation ? pathOf(conversation) : [];
      const target = conversation?.targetId ?? null;
      if (target === null || path.some(({ id }) => id === target) || !beforeFirst(path)) return;
      await loadOlder(key, LARGEST_PAGE);
      if (find(key)?.older === "failed") return;
    }
  }

  const clearTarget = (key) => change(key, (conversation) => ({ ...conversation, targetId: null }));

  /** Set feedback to 1, -1 or null. The page shows it at once and reverts it if the server refuses. */
  async function rate(message, value) {
    const key = store.state.openKey;
    const show = (feedback) =>
      change(key, (conversation) => {
        const known = conversation.messages.get(message.id);
        return known ? withMessage(conversation, message.id, { ...known, feedback }) : conversation;
      });
    show(value);
    try {
      await api.giveFeedback(message.id, { value });
    } catch (error) {
      show(message.feedback);
      store.update({ problem: problemOf(error) });
    }
  }

  return { showVersion, loadOlder, loadTarget, clearTarget, rate };
}
