// Asking, asking again, and following the answers. Each answer belongs to its conversation, open or not.

import { ApiError } from "../api.js";
import { localId, randomId } from "../ids.js";
import { describe } from "../problems.js";
import { showAddress } from "../router.js";
import { NEW, withMessage, withMessages, withoutMessages } from "../state/conversation.js";
import { applyEvent, localMessage } from "../state/message.js";
import {
  conversationChanged,
  draftChanged,
  itemChanged,
  itemKnown,
  newChatNamed,
  runningChanged,
} from "../state/page.js";
import { strings } from "../strings/index.js";
import { followTurn, TurnLost } from "../turn-stream.js";

/** `reload(key)` asks the server for a conversation anew. */
export function turnActions({ store, api, reload }) {
  // What was sent but not acknowledged, by conversation: sent again, it must be the same turn, not a second one.
  const unsent = new Map();

  const change = (key, how) => store.update((state) => conversationChanged(state, key, how));
  const setPhase = (key, phase) =>
    change(key, (conversation) =>
      conversation.turn?.phase === phase ? conversation : { ...conversation, turn: phase && { phase } },
    );
  const announce = (key, announcement) => store.state.openKey === key && store.update({ announcement });

  async function send(text) {
    const key = store.state.openKey;
    const conversation = store.state.conversations.get(key);
    if (conversation?.phase !== "ready" || conversation.turn || !text.trim()) return;
    const asked = localMessage(localId(), "user", conversation.headId, text);
    const answer = localMessage(localId(), "assistant", asked.id);
    if (store.state.drafts.get(key) === text) store.update((state) => draftChanged(state, key, ""));
    const place = { key, ids: [asked.id, answer.id], headId: conversation.headId };
    begin(place, asked, answer);
    await run(place, async () => {
      if (place.key === NEW) await nameNewChat(place);
      const { key: id } = place;
      await follow(place, () => api.startTurn(id, acknowledgeable(id, text)));
    });
    if (place.failed) giveBack(place.key, text);
  }

  async function retry(message) {
    const key = store.state.openKey;
    const conversation = store.state.conversations.get(key);
    if (!conversation || conversation.turn) return;
    const answer = localMessage(localId(), "assistant", message.parentId);
    const place = { key, ids: [answer.id], headId: conversation.headId };
    begin(place, answer);
    await run(place, () => follow(place, () => api.regenerate(message.id, modelChoice())));
  }

  /** Goes on with an answer that was running already when its conversation was opened. */
  async function join(key, message) {
    const place = { key, ids: [message.id], started: true };
    store.update({ announcement: "" });
    setPhase(key, "streaming");
    await run(place, () => follow(place, () => api.turnEvents(message.turnId, 0), message.turnId));
  }

  function begin({ key }, ...messages) {
    change(key, (conversation) => ({ ...withMessages(conversation, ...messages), turn: { phase: "sending" } }));
    store.update({ problem: null, announcement: "" });
  }

  async function nameNewChat(place) {
    const { id, title } = await api.createConversation();
    place.key = id;
    store.update((state) => newChatNamed(state, id, String(title ?? "")));
    if (store.state.openKey === id) showAddress(id);
  }

  /** The model is named only where it is known; the server has its own first choice. */
  function modelChoice() {
    return store.state.model ? { model: store.state.model } : {};
  }

  function acknowledgeable(key, text) {
    const same = unsent.get(key);
    const turn = { text, client_id: randomId(), ...modelChoice() };
    if (same?.text === turn.text && same.model === turn.model) return same;
    unsent.set(key, turn);
    return turn;
  }

  async function follow(place, open, turnId = null) {
    await followTurn({
      open,
      resume: api.turnEvents,
      turnId,
      onEvent: (name, data) => receive(place, name, data),
      onReconnecting: () => {
        setPhase(place.key, "reconnecting");
        announce(place.key, strings.status.reconnecting);
      },
    });
  }

  function receive(place, name, data) {
    const { key } = place;
    if (name === "turn") acknowledged(place, data);
    if (name === "title") renamed(key, String(data.title ?? ""));
    setPhase(key, "streaming");
    const id = place.ids.at(-1);
    change(key, (conversation) => {
      const message = conversation.messages.get(id);
      return message ? withMessage(conversation, id, applyEvent(message, name, data)) : conversation;
    });
    if (name === "turn") place.ids = [data.message_id];
    if (name === "done") place.status = data.status;
  }

  /** The server has the message: from now on nothing is lost, whatever happens to the connection. */
  function acknowledged(place, data) {
    const { key } = place;
    const [askedId] = place.ids.length === 2 ? place.ids : [null];
    unsent.delete(key);
    place.started = true;
    store.update((state) => ({
      ...conversationChanged(state, key, (conversation) => {
        const asked = conversation.messages.get(askedId);
        return asked ? withMessage(conversation, askedId, { ...asked, id: data.user_message_id }) : conversation;
      }),
      ...runningChanged(state, key, true),
      ...itemChanged(state, key, { updatedAt: Date.now(), ...titleOf(state, key) }),
    }));
    announce(key, strings.status.generating);
  }

  function titleOf(state, key) {
    const title = state.conversations.get(key)?.title;
    return title ? { title } : {};
  }

  function renamed(key, title) {
    change(key, (conversation) => ({ ...conversation, title }));
    store.update((state) => itemChanged(state, key, { title }));
  }

  /** Runs a turn to its end, and leaves its conversation in order however it ends. */
  async function run(place, turn) {
    try {
      await turn();
      setPhase(place.key, null);
      announce(place.key, place.status === "completed" ? strings.status.complete : strings.status.failed);
    } catch (error) {
      if (place.started) await lost(place, error);
      else undo(place, error);
    } finally {
      store.update((state) => ({
        ...runningChanged(state, place.key, false),
        ...itemKnown(state, place.key, { running: false }),
      }));
    }
  }

  /** The turn never began: the conversation is as before, and the person is told. */
  function undo(place, error) {
    place.failed = true;
    change(place.key, (conversation) => ({
      ...withoutMessages(conversation, place.ids, place.headId),
      turn: null,
    }));
    if (error instanceof ApiError && !error.transient) unsent.delete(place.key);
    store.update({ problem: { text: describe(error) } });
    // Another window was faster: show what it asked.
    if (error instanceof ApiError && error.status === 409) reload(place.key);
  }

  /** The turn began, but cannot be followed to its end: the database knows how it went. */
  async function lost(place, error) {
    announce(place.key, "");
    if (error instanceof ApiError) {
      setPhase(place.key, null);
      await reload(place.key, { join: false });
    } else {
      if (!(error instanceof TurnLost)) console.error(error);
      setPhase(place.key, "lost");
    }
  }

  /** The text goes back to where it was typed, before anything that was typed since. */
  function giveBack(key, text) {
    store.update((state) => {
      const since = state.drafts.get(key);
      return draftChanged(state, key, since ? `${text}\n${since}` : text);
    });
  }

  return { send, retry, join };
}
