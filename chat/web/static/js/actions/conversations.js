// Open conversations: from the server, or from this window's state.

import { showAddress } from "../browser/router.js";
import { ApiError } from "../network/api.js";
import { problemOf } from "../network/errors.js";
import { blankConversation, isNamed, NEW, runningMessage, storedConversation } from "../state/conversation.js";
import { chatMissing, conversationChanged, draftChanged, draftReturned, itemKnown } from "../state/page.js";
import { strings } from "../strings/index.js";

/** `join(key, message)` follows an answer that is being written. `loadTarget(key)` loads the message `targetId`. */
export function conversationActions({ store, api, join, loadTarget, refreshHistory }) {
  const newest = new Map();

  /**
   * Show a conversation: at once if this window knows it. Then load its present state from the server. It is drawn
   * here and not with the next frame, because the next key press is meant for it.
   */
  function show(key, targetId = null) {
    store.update({ openKey: key, drawerOpen: false, problem: null, announcement: "" });
    if (!store.state.conversations.has(key)) {
      store.update((state) => ({
        conversations: new Map(state.conversations).set(key, blankConversation(key, "loading")),
      }));
    }
    if (targetId !== null) setTarget(key, targetId);
    store.flush();
    if (!store.state.conversations.get(key).turn) reload(key);
  }

  const setTarget = (key, targetId) =>
    store.update((state) => conversationChanged(state, key, (conversation) => ({ ...conversation, targetId })));

  /** `messageId` is the search result to scroll to, if any. */
  function open(key, { messageId = null } = {}) {
    showAddress(key);
    show(key, messageId);
  }

  /** `join: false` does not follow a running answer again after it could not be followed. `quiet` reports only that it is gone. */
  async function reload(key, { join: mayJoin = true, quiet = false } = {}) {
    if (!isNamed(key)) return;
    const call = Symbol("call");
    newest.set(key, call);
    const { headId, onSideBranch, targetId } = store.state.conversations.get(key) ?? {};
    const branch = targetId ? { through: targetId } : onSideBranch ? { leaf: headId } : {};
    try {
      const json = await api.conversation(key, branch);
      if (newest.get(key) === call) applyLoaded(key, json, headId, mayJoin);
    } catch (error) {
      if (newest.get(key) === call) showLoadFailure(key, error, quiet);
    }
  }

  function applyLoaded(key, json, headId, mayJoin) {
    const known = store.state.conversations.get(key);
    // The chat was deleted, or a question was sent in it, while this response was on its way: the response is outdated.
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

  function showLoadFailure(key, error, quiet) {
    const missing = error instanceof ApiError && error.status === 404;
    const known = store.state.conversations.get(key);
    if (!known) return;
    if (missing) store.update((state) => chatMissing(state, key));
    else if (quiet) return;
    else if (known.messages.size === 0)
      store.update((state) => conversationChanged(state, key, (each) => ({ ...each, phase: "failed" })));
    else store.update({ problem: problemOf(error, { label: strings.problem.again, run: reopen }) });
  }

  /** Load the open conversation again and forget a turn whose connection was lost. */
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

  /** Handle a message of another window: a turn began or ended in a conversation, or it was deleted. */
  function onChangeElsewhere({ conversation: key, running, gone }) {
    if (gone) {
      store.update((state) => chatMissing(state, key));
      return;
    }
    store.update((state) => itemKnown(state, key, { running }));
    const known = store.state.conversations.get(key);
    if (known?.phase === "ready" && !known.turn) reload(key, { quiet: true });
    if (!store.state.history.items.some(({ id }) => id === key)) refreshHistory();
  }

  /** The page is visible again, or the network is back: reconnect a lost turn, or refresh the open chat. */
  function catchUp() {
    const key = store.state.openKey;
    const turn = store.state.conversations.get(key)?.turn;
    if (turn?.phase === "lost") reopen();
    else if (!turn) reload(key, { quiet: true });
  }

  /** Go from a missing chat to a new one. The draft goes along. */
  function startOver(text = null) {
    const { openKey, drafts } = store.state;
    const draft = text ?? drafts.get(openKey);
    store.update((state) => draftChanged(state, openKey, ""));
    if (draft) store.update((state) => draftReturned(state, NEW, draft));
    open(NEW);
  }

  return { startOver, show, open, onChangeElsewhere, catchUp, newChat: () => open(NEW), reload, reopen };
}
