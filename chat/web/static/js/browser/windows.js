// Messages between this browser's windows: something happened in a conversation.

import { BASE } from "./base.js";

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`parley${BASE}`);

// Outside of a browser, an open channel must not keep the process alive.
/** @type {any} */ (channel)?.unref?.();

/** `message` is {conversation: id, running: boolean, gone?: boolean}. `gone`: the chat was deleted. */
export function notifyOtherWindows(message) {
  channel?.postMessage(message);
}

export function onOtherWindowMessage(listener) {
  channel?.addEventListener("message", ({ data }) => {
    if (Number.isInteger(data?.conversation))
      listener({ conversation: data.conversation, running: data.running === true, gone: data.gone === true });
  });
}
