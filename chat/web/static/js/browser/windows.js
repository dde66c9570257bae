// The other windows of this browser: one tells the rest that something happened in a conversation.

import { BASE } from "./base.js";

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`parley${BASE}`);

// Where this runs outside of a browser, a channel must not keep the program going.
/** @type {any} */ (channel)?.unref?.();

/** `message` is {conversation: id, running: boolean}. */
export function notifyOtherWindows(message) {
  channel?.postMessage(message);
}

export function onOtherWindowMessage(listener) {
  channel?.addEventListener("message", ({ data }) => {
    if (Number.isInteger(data?.conversation))
      listener({ conversation: data.conversation, running: data.running === true });
  });
}
