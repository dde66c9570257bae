// Opening conversations: from the server, or from what this window still knows of them.

import { showAddress } from "../browser/router.js";
import { ApiError } from "../network/api.js";
import { problemOf } from "../network/errors.js";
import { blankConversation, NEW, runningMessage, storedConversation } from "../state/conversation.js";
import { conversationChanged, itemKnown } from "../state/page.js";
import { strings } from "../strings/index.js";

/** A draft in the box of the new chat, before what stands there. */
function withDraftMovedToNew(drafts, from, text) {
  const left = new Map(drafts);
  left.delete(from);
  const since = left.get(NEW);
  return left.set(NEW, since ? `${text}\n${since}` : text);
}

/** `join(key, message)` follows an answer that is being written, `loadTarget(key)` fetches the message that is targetId. */
export function conversationActions({ store, api, join, loadTarget, refreshHistory }) {
  const newest = new Map();

  const setPhase = (key, phase) =>
    store.update((state) => conversationChanged(state, key, (conversation) => ({ ...conversation, phase })));

  /** Shows a conversation, at once if it is known here, and asks the server for its present state. */
  function show(key, targetId = null) {
    store.update({ openKey: key, drawerOpen: false, problem: null, announcement: "" });
    if (!store.state.conversations.has(key)) {
      store.update((state) => ({
        conversations: new Map(state.conversations).set(key, blankConversation(key, "loading")),
      }));
    }
    if (targetId !== null) setTarget(key, targetId);
    if (!store.state.conversations.get(key).turn) reload(key);
  }

  const setTarget = (key, targetId) =>
    store.update((state) => conversationChanged(state, key, (conversation) => ({ ...conversation, targetId })));

  /** `messageId` is the message that was looked for, if any. */
  function open(key, { messageId = null } = {}) {
    showAddress(key);
    show(key, messageId);
  }

  /** `join: false` leaves an answer alone that could not be followed a moment ago; `quiet`: nobody asked for this. */
  async function reload(key, { join: mayJoin = true, quiet = false } = {}) {
    if (key === NEW) return;
    const call = Symbol("call");
    newest.set(key, call);
    const { headId, onSideBranch, targetId } = store.state.conversations.get(key) ?? {};
    const branch = targetId ? { through: targetId } : onSideBranch ? { leaf: headId } : {};
    try {
      const json = await api.conversation(key, branch);
      if (newest.get(key) === call) applyLoaded(key, json, headId, mayJoin);
    } catch (error) {
      if (newest.get(key) === call && !quiet) showLoadFailure(key, error);
    }
  }

  function applyLoaded(key, json, headId, mayJoin) {
    const known = store.state.conversations.get(key);
    // Deleted, or asked something, while the answer was on its way: what it says is old.
    if (!known || known.turn || known.headId !== headId) return;
    const about = {
      archived: json.archived === true,
      pinned: json.pinned === true,
      temporary: json.temporary === true,
      targetId: known.targetId,
    };
    const conversation = { ...storedConversation(json, known), ...about };
    const running = runningMessage(conversation);
    if (running && !mayJoin) /** @type {any} */ (conversation).turn = { phase: "lost" };
    store.update((state) => ({
      ...conversationChanged(state, key, () => conversation),
      ...itemKnown(state, key, { title: conversation.title, running: running !== null }),
    }));
    if (running?.turnId && mayJoin) join(key, running);
    if (conversation.targetId !== null) loadTarget(key);
  }

  function showLoadFailure(key, error) {
    const missing = error instanceof ApiError && error.status === 404;
    const known = store.state.conversations.get(key);
    if (!known) return;
    if (missing) setPhase(key, "missing");
    else if (known.messages.size === 0) setPhase(key, "failed");
    else store.update({ problem: problemOf(error, { label: strings.problem.again, run: reopen }) });
  }

  /** Asks for the open conversation again, forgetting a turn that was lost. */
  function reopen() {
    const key = store.state.openKey;
    store.update({ problem: null });
    store.update((state) =>
      conversationChanged(state, key, (conversation) => ({
        ...conversation,
        phase: conversation.messages.size > 0 ? "ready" : "loading",
        turn: conversation.turn?.phase === "lost" ? null : conversation.turn,
      })),
    );
    if (!store.state.conversations.get(key)?.turn) reload(key);
  }

  /** Another window of this browser asked something in a conversation, or an answer that it follows has ended. */
  function onTurnElsewhere({ conversation: key, running }) {
    store.update((state) => itemKnown(state, key, { running }));
    const known = store.state.conversations.get(key);
    if (known?.phase === "ready" && !known.turn) reload(key, { quiet: true });
    if (!store.state.history.items.some(({ id }) => id === key)) refreshHistory();
  }

  /** The page is seen again, or the network is back: what was lost is taken up, what is shown brought up to date. */
  function catchUp() {
    const key = store.state.openKey;
    const turn = store.state.conversations.get(key)?.turn;
    if (turn?.phase === "lost") reopen();
    else if (!turn) reload(key, { quiet: true });
  }

  /** From a chat that is gone to a new one; what was being written goes along, or is asked there at once. */
  function startOver(text = null) {
    store.update((state) => {
      const { openKey, drafts } = state;
      const draft = text ?? drafts.get(openKey);
      return { drafts: draft && openKey !== NEW ? withDraftMovedToNew(drafts, openKey, draft) : drafts };
    });
    open(NEW);
  }

  return { startOver, show, open, onTurnElsewhere, catchUp, newChat: () => open(NEW), reload, reopen };
}
