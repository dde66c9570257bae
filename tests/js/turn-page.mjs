// A page without a browser for the tests of turns: its actions over functions in place of the API.

import { turnActions } from "../../chat/web/static/js/actions/turns.js";
import { blankConversation, NEW, pathOf, withMessages } from "../../chat/web/static/js/state/conversation.js";
import { localMessage, textOf } from "../../chat/web/static/js/state/message.js";
import { initialState } from "../../chat/web/static/js/state/page.js";

export const TURN = { turn_id: 31, message_id: 12, user_message_id: 11, model: "m" };

/** A connection whose events the test sends one by one. */
export function connection() {
  let number = 0;
  let into;
  const encoder = new TextEncoder();
  const stream = new ReadableStream({
    start(controller) {
      into = controller;
    },
  });
  return {
    response: new Response(stream),
    send(name, data) {
      number += 1;
      into.enqueue(encoder.encode(`id: ${number}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
    },
    done(status = "completed", more = {}) {
      this.send("done", { status, ...more });
      into.close();
    },
    break() {
      into.error(new TypeError("network error"));
    },
    /** Continue the same turn over this connection. */
    after(count) {
      number = count;
      return this;
    },
  };
}

/** A page with chat 7 open and the test's API functions; `calls` records all calls. */
export function pageWith(given = {}, state = {}) {
  const calls = [];
  const notifications = [];
  const reloaded = [];
  const titled = [];
  const pauses = [];
  const api = new Proxy(
    {},
    {
      get:
        (_, name) =>
        async (...values) => {
          calls.push([name, ...values]);
          if (!given[name]) throw new Error(`the test has no ${String(name)}`);
          return given[name](...values);
        },
    },
  );
  const store = {
    state: {
      ...initialState(),
      openKey: 7,
      conversations: new Map([
        [7, blankConversation(7)],
        [NEW, blankConversation(NEW)],
      ]),
      ...state,
    },
    update(change) {
      const patch = typeof change === "function" ? change(this.state) : change;
      this.state = { ...this.state, ...patch };
    },
    flush() {},
  };
  const page = {
    notifyOthers: (message) => notifications.push(message),
    showAddress: (key) => notifications.push(["address", key]),
    isHidden: () => false,
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
    },
  };
  const actions = turnActions({
    store,
    api,
    page,
    reload: async (...values) => void reloaded.push(values),
    awaitTitle: (key) => titled.push(key),
  });
  const chat = (key = 7) => store.state.conversations.get(key);
  const shown = (key = 7) => pathOf(chat(key)).map((message) => [message.role, textOf(message), message.status]);
  const called = (name) => calls.filter(([each]) => each === name).map(([, ...values]) => values);
  return { actions, store, chat, shown, called, notifications, reloaded, titled, pauses };
}

/** Wait until all started work waits for the test. */
export const settled = async () => {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Chat 7 with a question and an answer that the server has. */
export function answered(status = "completed") {
  const question = { ...localMessage(1, "user", null, "Why?"), id: 1 };
  const answer = {
    ...localMessage(2, "assistant", 1, "Because"),
    id: 2,
    status,
    turnId: status === "running" ? 31 : null,
  };
  return { conversations: new Map([[7, withMessages(blankConversation(7), question, answer)]]) };
}
