// Everything a person can do on this page, as one object of functions over the store and the server.

import { branchActions } from "./branches.js";
import { conversationActions } from "./conversations.js";
import { historyActions } from "./history.js";
import { instructionActions } from "./instructions.js";
import { pageActions } from "./page.js";
import { queueActions } from "./queue.js";
import { removalActions } from "./removal.js";
import { sharingActions } from "./sharing.js";
import { titleActions } from "./titles.js";
import { turnActions } from "./turns.js";

export function createActions({ store, api }) {
  const actions = {};
  // An action of another file, by its name: they need each other, and one of them has to be made first.
  const later =
    (name) =>
    (...given) =>
      actions[name](...given);
  Object.assign(
    actions,
    turnActions({ store, api, reload: later("reload"), awaitTitle: later("awaitTitle") }),
    titleActions({ store, api }),
    instructionActions({ store, api }),
    conversationActions({
      store,
      api,
      join: later("join"),
      reach: later("reach"),
      refreshHistory: later("refreshHistory"),
    }),
    branchActions({ store, api, join: later("join") }),
    queueActions({ store, send: later("send"), stop: later("stop") }),
    historyActions({ store, api }),
    removalActions({
      store,
      api,
      open: later("open"),
      stop: later("stop"),
      say: later("say"),
      endToast: later("endToast"),
    }),
    sharingActions({ store, api }),
    pageActions({ store, api }),
  );
  return actions;
}
