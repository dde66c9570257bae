// Turns: send, regenerate, continue, follow, stop. A turn belongs to its conversation, whether that is open or not.

import { localId, randomId } from "../browser/ids.js";
import { showAddress } from "../browser/router.js";
import { notifyOtherWindows } from "../browser/windows.js";
import { ApiError } from "../network/api.js";
import { DeltaCoalescer } from "../network/delta-coalescer.js";
import { problemOf } from "../network/errors.js";
import { UNLIMITED } from "../network/stream-slots.js";
import { followTurn, isSafeToRetry, TurnLost } from "../network/turn-stream.js";
import { isNamed, NEW, runningMessage, withMessage, withMessages, withoutMessages } from "../state/conversation.js";
import { applyEvent, localMessage } from "../state/message.js";
import { modelOf, modelUsed } from "../state/model.js";
import {
  chatMissing,
  conversationChanged,
  draftChanged,
  draftReturned,
  itemChanged,
  itemKnown,
  newChatBegun,
  newChatNamed,
  newChatRefused,
  runningChanged,
} from "../state/page.js";
import { strings } from "../strings/index.js";

/** The page around the turns. `pause` is an option of turn-stream.js. */
const PAGE = {
  notifyOthers: notifyOtherWindows,
  showAddress,
  isHidden: () => document.hidden,
  pause: undefined,
};

/** `reload(key)` loads a conversation again. `awaitTitle(key)` polls for a title written by a model. */
export function turnActions({ store, api, reload, awaitTitle, slots = UNLIMITED, page = PAGE }) {
  // Requests sent but not acknowledged, by conversation. Sent again, they must be the same turn, not a second one.
  const unsent = new Map();
  // The turns this window follows, by conversation: {key, ids, headId, text, controller, stopping, started, status,
  // failed}.
  const inFlight = new Map();

  const change = (key, how) => store.update((state) => conversationChanged(state, key, how));
  const setPhase = (key, phase) =>
    change(key, (conversation) =>
      (conversation.turn?.phase ?? null) === phase ? conversation : { ...conversation, turn: phase && { phase } },
    );
  const announce = (key, announcement) => store.state.openKey === key && store.update({ announcement });

  /**
   * Send a message. A queued one has its conversation and `clientId` already, so that no second window sends it again.
   */
  async function send(text, { key = store.state.openKey, clientId = randomId() } = {}) {
    const conversation = store.state.conversations.get(key);
    if (!canSend(conversation, text)) return;
    if (store.state.drafts.get(key) === text) store.update((state) => draftChanged(state, key, ""));
    const branch = conversation.onSideBranch ? { parent_id: conversation.headId } : {};
    await startTurn(conversation, conversation.headId, { text, client_id: clientId, ...branch });
  }

  /** Send an edited question beside the first one: a new branch. */
  async function edit(message, text) {
    const conversation = store.state.conversations.get(store.state.openKey);
    if (!canSend(conversation, text)) return;
    await startTurn(conversation, message.parentId, { text, client_id: randomId(), parent_id: message.parentId });
  }

  const canSend = (conversation, text) => conversation?.phase === "ready" && !conversation.turn && text.trim() !== "";

  async function startTurn({ key, headId }, parentId, turn) {
    const question = localMessage(localId(), "user", parentId, turn.text);
    const answer = localMessage(localId(), "assistant", question.id);
    const entry = newEntry(key === NEW ? localId() : key, [question.id, answer.id], headId, turn.text);
    if (key === NEW) store.update((state) => newChatBegun(state, entry.key));
    begin(entry, question, answer);
    await run(entry, async () => {
      if (!isNamed(entry.key)) await nameNewChat(entry);
      const request = idempotentRequest(entry.key, turn);
      await follow(entry, (live) => api.startTurn(entry.key, request, live), { canReopen: isSafeToRetry });
    });
    if (entry.failed) returnText(entry, entry.key);
  }

  /** Request another answer beside this one. `how` is `{model}` or `{wish}`. */
  const regenerate = (message, how = {}) =>
    answerBeside(message, [], (live) =>
      api.regenerate(message.id, { ...modelChoice(store.state.openKey), ...how }, live),
    );

  /** Continue an answer that ended early: a sibling that starts with the same parts. */
  const continueAnswer = (message) =>
    answerBeside(message, message.parts, (live) => api.continueAnswer(message.id, live));

  async function answerBeside(message, parts, open) {
    const conversation = store.state.conversations.get(store.state.openKey);
    if (!conversation || conversation.turn || typeof message.id !== "number") return;
    const answer = { ...localMessage(localId(), "assistant", message.parentId), parts };
    const entry = newEntry(conversation.key, [answer.id], conversation.headId);
    begin(entry, answer);
    await run(entry, () => follow(entry, open));
  }

  /** Follow an answer that was already running when its conversation was opened. */
  async function join(key, message) {
    const entry = { ...newEntry(key, [message.id], null), started: true };
    inFlight.set(key, entry);
    store.update({ announcement: "" });
    setPhase(key, "streaming");
    store.update((state) => runningChanged(state, key, true));
    await run(entry, () => follow(entry, null, { turnId: message.turnId }));
  }

  /**
   * Stop the running answer of a conversation, whichever window began it. Resolves when the server has accepted the
   * stop; the end itself comes with the answer's events.
   */
  async function stop(key) {
    const entry = inFlight.get(key);
    const running = runningMessage(store.state.conversations.get(key) ?? { messages: new Map() });
    if (entry && !entry.started) {
      // The server may or may not have the request: abort the attempts, and stop the turn as soon as it is
      // acknowledged.
      entry.stopping = true;
      entry.controller.abort();
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
    // A polled answer has an event to fetch now.
    inFlight.get(key)?.controller.abort();
    if (!inFlight.has(key)) await reload(key);
  }

  /** The page is being left: what the server has not acknowledged goes back into the message boxes. */
  function returnUnsent() {
    for (const entry of inFlight.values()) {
      if (!entry.started) returnText(entry, isNamed(entry.key) ? entry.key : NEW);
    }
  }

  /** Put a question's text back into the message box, once. */
  function returnText(entry, key) {
    const { text } = entry;
    entry.text = "";
    if (text) store.update((state) => draftReturned(state, key, text));
  }

  /** @returns {any} */
  function newEntry(key, ids, headId, text = "") {
    return { key, ids, headId, text, controller: new AbortController() };
  }

  /** @type {(entry: any, ...messages: [Message, ...Message[]]) => void} */
  function begin(entry, ...messages) {
    const { key } = entry;
    inFlight.set(key, entry);
    change(key, (conversation) => ({ ...withMessages(conversation, ...messages), turn: { phase: "sending" } }));
    store.update({ problem: null, announcement: "" });
  }

  async function nameNewChat(entry) {
    const { key } = entry;
    const { temporary } = store.state.conversations.get(key);
    const { id, title } = await api.createConversation(temporary ? { temporary } : {});
    store.update((state) => newChatNamed(state, key, id, String(title ?? "")));
    changeKey(entry, id);
    if (store.state.openKey === id) page.showAddress(id);
  }

  /** The page must show the new key before the user's next action, Stop for instance. */
  function changeKey(entry, key) {
    inFlight.delete(entry.key);
    entry.key = key;
    inFlight.set(key, entry);
    store.flush();
  }

  /** Name the model only if it is known; otherwise the server takes its default. */
  function modelChoice(key) {
    const { model } = modelOf(store.state, key);
    return model ? { model } : {};
  }

  function idempotentRequest(key, body) {
    const same = unsent.get(key);
    const request = { ...body, ...modelChoice(key) };
    const isSame = same && ["text", "model", "parent_id"].every((name) => same[name] === request[name]);
    if (isSame) return same;
    unsent.set(key, request);
    return request;
  }

  async function follow(entry, open, how = {}) {
    const coalescer = new DeltaCoalescer((name, data) => receive(entry, name, data));
    try {
      await followTurn({
        open,
        resume: api.turnEvents,
        signal: entry.controller.signal,
        slots,
        pause: page.pause,
        isVisible: () => store.state.openKey === entry.key && !page.isHidden(),
        onEvent: (name, data) => coalescer.add(name, data),
        onReconnecting: () => {
          coalescer.flush();
          setPhase(entry.key, "reconnecting");
          announce(entry.key, strings.status.reconnecting);
        },
        ...how,
      });
    } finally {
      coalescer.flush();
    }
  }

  function receive(entry, name, data) {
    const { key } = entry;
    if (name === "turn") onAcknowledged(entry, data);
    if (name === "title") {
      entry.hasNewTitle = true;
      onTitle(key, String(data.title ?? ""));
    }
    setPhase(key, "streaming");
    const id = entry.ids.at(-1);
    change(key, (conversation) => {
      const message = conversation.messages.get(id);
      return message ? withMessage(conversation, id, applyEvent(message, name, data)) : conversation;
    });
    if (name === "turn") entry.ids = [data.message_id];
    if (name === "done") entry.status = data.status;
  }

  /** The server has stored the message: from now on a lost connection loses nothing. */
  function onAcknowledged(entry, data) {
    const { key } = entry;
    const [questionId] = entry.ids.length === 2 ? entry.ids : [null];
    unsent.delete(key);
    entry.started = true;
    store.update((state) => ({
      ...conversationChanged(state, key, (conversation) => {
        const question = conversation.messages.get(questionId);
        // The server continues from this branch, too, and takes the chat out of the archive.
        const current = { ...conversation, onSideBranch: false, archived: false };
        return question ? withMessage(current, questionId, { ...question, id: data.user_message_id }) : current;
      }),
      ...runningChanged(state, key, true),
      ...modelUsed(state, key),
      ...itemChanged(state, key, { updatedAt: Date.now(), ...titleOf(state, key) }),
    }));
    announce(key, strings.status.generating);
    page.notifyOthers({ conversation: key, running: true });
    if (entry.stopping) stopTurn(key, data.turn_id);
  }

  function titleOf(state, key) {
    const title = state.conversations.get(key)?.title;
    return title ? { title } : {};
  }

  function onTitle(key, title) {
    change(key, (conversation) => ({ ...conversation, title }));
    store.update((state) => itemChanged(state, key, { title }));
  }

  /** Run a turn to its end and leave its conversation in a valid state, however it ends. */
  async function run(entry, turn) {
    try {
      await turn();
      setPhase(entry.key, null);
      announce(entry.key, endingOf(entry.status));
      if (entry.hasNewTitle) awaitTitle(entry.key);
    } catch (error) {
      if (entry.started) await handleLost(entry, error);
      else rollBack(entry, error);
    } finally {
      if (inFlight.get(entry.key) === entry) inFlight.delete(entry.key);
      store.update((state) => ({
        ...runningChanged(state, entry.key, false),
        ...itemKnown(state, entry.key, { running: false }),
      }));
      if (entry.started) page.notifyOthers({ conversation: entry.key, running: false });
    }
  }

  function endingOf(status) {
    const { complete, stopped, failed } = strings.status;
    return { completed: complete, stopped }[status] ?? failed;
  }

  /** The turn never began: restore the conversation and report the error. */
  function rollBack(entry, error) {
    entry.failed = true;
    if (!isNamed(entry.key)) {
      store.update((state) => newChatRefused(state, entry.key));
      changeKey(entry, NEW);
    }
    change(entry.key, (conversation) => ({
      ...withoutMessages(conversation, entry.ids, entry.headId),
      turn: null,
    }));
    if (error instanceof ApiError && !error.transient) unsent.delete(entry.key);
    const isMissing = error instanceof ApiError && error.status === 404 && entry.key !== NEW;
    if (isMissing) store.update((state) => chatMissing(state, entry.key));
    else if (!entry.stopping) store.update({ problem: problemOf(error) });
    // Another window sent a message first: show it.
    if (error instanceof ApiError && error.status === 409) reload(entry.key);
  }

  /** The turn began but cannot be followed to its end: load its state from the server. */
  async function handleLost(entry, error) {
    announce(entry.key, "");
    if (error instanceof ApiError) {
      setPhase(entry.key, null);
      await reload(entry.key, { join: false });
    } else {
      if (!(error instanceof TurnLost)) console.error(error);
      setPhase(entry.key, "lost");
    }
  }

  return { send, edit, regenerate, retry: (message) => regenerate(message), continueAnswer, join, stop, returnUnsent };
}
