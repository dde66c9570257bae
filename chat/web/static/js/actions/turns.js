// Asking, asking again, following the answers, stopping them. Each answer belongs to its conversation, open or not.

import { localId, randomId } from "../browser/ids.js";
import { showAddress } from "../browser/router.js";
import { tellOtherWindows } from "../browser/windows.js";
import { ApiError } from "../network/api.js";
import { problemOf } from "../network/errors.js";
import { EventPace } from "../network/event-pace.js";
import { UNLIMITED } from "../network/stream-slots.js";
import { followTurn, mayAskAgain, TurnLost } from "../network/turn-stream.js";
import { NEW, runningMessage, withMessage, withMessages, withoutMessages } from "../state/conversation.js";
import { applyEvent, localMessage } from "../state/message.js";
import { modelAsked, modelOf } from "../state/model.js";
import {
  conversationChanged,
  draftChanged,
  itemChanged,
  itemKnown,
  newChatNamed,
  runningChanged,
} from "../state/page.js";
import { strings } from "../strings/index.js";

/** The page around the turns. `pause` is that of turn-stream.js, where it is given. */
const PAGE = {
  tell: tellOtherWindows,
  showAddress,
  isHidden: () => document.hidden,
  pause: undefined,
};

/** `reload(key)` asks the server for a conversation anew, `awaitTitle(key)` for a title that a model writes now. */
export function turnActions({ store, api, reload, awaitTitle, slots = UNLIMITED, page = PAGE }) {
  // What was sent but not acknowledged, by conversation: sent again, it must be the same turn, not a second one.
  const unsent = new Map();
  // The turns this window is busy with, by conversation: {key, ids, headId, stop, stopping, started, status, failed}.
  const places = new Map();

  const change = (key, how) => store.update((state) => conversationChanged(state, key, how));
  const setPhase = (key, phase) =>
    change(key, (conversation) =>
      (conversation.turn?.phase ?? null) === phase ? conversation : { ...conversation, turn: phase && { phase } },
    );
  const announce = (key, announcement) => store.state.openKey === key && store.update({ announcement });

  /** A message that waited its turn has a conversation and a `clientId` already: then no second window asks it again. */
  async function send(text, { key = store.state.openKey, clientId = randomId() } = {}) {
    const conversation = store.state.conversations.get(key);
    if (!mayAsk(conversation, text)) return;
    if (store.state.drafts.get(key) === text) store.update((state) => draftChanged(state, key, ""));
    const branch = conversation.chosen ? { parent_id: conversation.headId } : {};
    await ask(conversation, conversation.headId, { text, client_id: clientId, ...branch });
  }

  /** The same question in other words, beside the first: a new branch. */
  async function edit(message, text) {
    const conversation = store.state.conversations.get(store.state.openKey);
    if (!mayAsk(conversation, text)) return;
    await ask(conversation, message.parentId, { text, client_id: randomId(), parent_id: message.parentId });
  }

  const mayAsk = (conversation, text) => conversation?.phase === "ready" && !conversation.turn && text.trim() !== "";

  async function ask({ key, headId }, parentId, turn) {
    const asked = localMessage(localId(), "user", parentId, turn.text);
    const answer = localMessage(localId(), "assistant", asked.id);
    const place = newPlace(key, [asked.id, answer.id], headId);
    begin(place, asked, answer);
    await run(place, async () => {
      if (place.key === NEW) await nameNewChat(place);
      const wanted = acknowledgeable(place.key, turn);
      await follow(place, (live) => api.startTurn(place.key, wanted, live), { mayOpenAgain: mayAskAgain });
    });
    if (place.failed) giveBack(place.key, turn.text);
  }

  /** Another answer beside this one; after an error, and also when it was good. `how` is `{model}` or `{wish}`. */
  const regenerate = (message, how = {}) =>
    beside(message, [], (live) => api.regenerate(message.id, { ...modelChoice(store.state.openKey), ...how }, live));

  /** An answer that was cut goes on: a version beside it, which has all there was. */
  const goOn = (message) => beside(message, message.parts, (live) => api.goOn(message.id, live));

  async function beside(message, parts, open) {
    const conversation = store.state.conversations.get(store.state.openKey);
    if (!conversation || conversation.turn || typeof message.id !== "number") return;
    const answer = { ...localMessage(localId(), "assistant", message.parentId), parts };
    const place = newPlace(conversation.key, [answer.id], conversation.headId);
    begin(place, answer);
    await run(place, () => follow(place, open));
  }

  /** Goes on with an answer that was running already when its conversation was opened. */
  async function join(key, message) {
    const place = { ...newPlace(key, [message.id], null), started: true };
    places.set(key, place);
    store.update({ announcement: "" });
    setPhase(key, "streaming");
    store.update((state) => runningChanged(state, key, true));
    await run(place, () => follow(place, null, { turnId: message.turnId }));
  }

  /**
   * Ends the answer that is being written in a conversation, whichever window began it. Resolves when the server has
   * taken note; the end itself comes with the answer's events.
   */
  async function stop(key) {
    const place = places.get(key);
    const running = runningMessage(store.state.conversations.get(key) ?? { messages: new Map() });
    if (place && !place.started) {
      // The server may have it or not: what is still being tried is given up, what has begun is stopped at once.
      place.stopping = true;
      place.giveUp.abort();
    } else if (running?.turnId) {
      await stopTurn(key, running.turnId);
    }
  }

  async function stopTurn(key, turnId) {
    try {
      await api.stopTurn(turnId);
    } catch (error) {
      store.update({ problem: problemOf(error) });
      return;
    }
    // An answer that is asked for its news now and then has some now.
    places.get(key)?.giveUp.abort();
    if (!places.has(key)) await reload(key);
  }

  function newPlace(key, ids, headId) {
    return { key, ids, headId, giveUp: new AbortController() };
  }

  /** @type {(place: any, ...messages: [Message, ...Message[]]) => void} */
  function begin(place, ...messages) {
    const { key } = place;
    places.set(key, place);
    change(key, (conversation) => ({ ...withMessages(conversation, ...messages), turn: { phase: "sending" } }));
    store.update({ problem: null, announcement: "" });
  }

  async function nameNewChat(place) {
    const { id, title } = await api.createConversation(store.state.temporary ? { temporary: true } : {});
    places.delete(place.key);
    place.key = id;
    places.set(id, place);
    store.update((state) => newChatNamed(state, id, String(title ?? "")));
    if (store.state.openKey === id) page.showAddress(id);
  }

  /** The model is named only where it is known; the server has its own first choice. */
  function modelChoice(key) {
    const { model } = modelOf(store.state, key);
    return model ? { model } : {};
  }

  function acknowledgeable(key, asked) {
    const same = unsent.get(key);
    const turn = { ...asked, ...modelChoice(key) };
    if (same && same.text === turn.text && same.model === turn.model && same.parent_id === turn.parent_id) return same;
    unsent.set(key, turn);
    return turn;
  }

  async function follow(place, open, how = {}) {
    const pace = new EventPace((name, data) => receive(place, name, data));
    try {
      await followTurn({
        open,
        resume: api.turnEvents,
        signal: place.giveUp.signal,
        slots,
        pause: page.pause,
        inSight: () => store.state.openKey === place.key && !page.isHidden(),
        onEvent: (name, data) => pace.add(name, data),
        onReconnecting: () => {
          pace.flush();
          setPhase(place.key, "reconnecting");
          announce(place.key, strings.status.reconnecting);
        },
        ...how,
      });
    } finally {
      pace.flush();
    }
  }

  function receive(place, name, data) {
    const { key } = place;
    if (name === "turn") acknowledged(place, data);
    if (name === "title") {
      place.titled = true;
      renamed(key, String(data.title ?? ""));
    }
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
        // The server goes on from here, too: it is no other branch any more.
        const here = { ...conversation, chosen: false };
        return asked ? withMessage(here, askedId, { ...asked, id: data.user_message_id }) : here;
      }),
      ...runningChanged(state, key, true),
      ...modelAsked(state, key),
      ...itemChanged(state, key, { updatedAt: Date.now(), ...titleOf(state, key) }),
    }));
    announce(key, strings.status.generating);
    page.tell({ conversation: key, running: true });
    if (place.stopping) stopTurn(key, data.turn_id);
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
      announce(place.key, endingOf(place.status));
      if (place.titled) awaitTitle(place.key);
    } catch (error) {
      if (place.started) await lost(place, error);
      else undo(place, error);
    } finally {
      if (places.get(place.key) === place) places.delete(place.key);
      store.update((state) => ({
        ...runningChanged(state, place.key, false),
        ...itemKnown(state, place.key, { running: false }),
      }));
      if (place.started) page.tell({ conversation: place.key, running: false });
    }
  }

  function endingOf(status) {
    const { complete, stopped, failed } = strings.status;
    return { completed: complete, stopped }[status] ?? failed;
  }

  /** The turn never began: the conversation is as before, and the person is told. */
  function undo(place, error) {
    place.failed = true;
    change(place.key, (conversation) => ({
      ...withoutMessages(conversation, place.ids, place.headId),
      turn: null,
    }));
    if (error instanceof ApiError && !error.transient) unsent.delete(place.key);
    const gone = error instanceof ApiError && error.status === 404 && place.key !== NEW;
    if (gone) change(place.key, (conversation) => ({ ...conversation, phase: "missing" }));
    else if (!place.stopping) store.update({ problem: problemOf(error) });
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

  return { send, edit, regenerate, retry: (message) => regenerate(message), goOn, join, stop };
}
