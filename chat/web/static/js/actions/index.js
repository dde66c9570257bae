// All actions of the page, as one object of functions over the store and the server.

import { downloadFrom as download } from "../browser/download.js";
import { allowNotifications, notify } from "../browser/notifications.js";
import { pathOfKey } from "../browser/router.js";
import { NEW } from "../state/conversation.js";
import { strings } from "../strings/index.js";
import { archiveActions } from "./archive.js";
import { branchActions } from "./branches.js";
import { conversationActions } from "./conversations.js";
import { dataActions } from "./data.js";
import { historyActions } from "./history.js";
import { instructionActions } from "./instructions.js";
import { pageActions } from "./page.js";
import { printingActions } from "./printing.js";
import { queueActions } from "./queue.js";
import { removalActions } from "./removal.js";
import { selectionActions } from "./selection.js";
import { sharingActions } from "./sharing.js";
import { titleActions } from "./titles.js";
import { turnActions } from "./turns.js";
import { unreadActions } from "./unread.js";

/** `slots` decides which answers may keep a connection open: see stream-slots.js. */
export function createActions({ store, api, slots }) {
  const actions = {};
  // Return an action by its name, looked up when it is called: the modules depend on each other in a circle.
  const deferred =
    (name) =>
    (...given) =>
      actions[name](...given);
  Object.assign(
    actions,
    turnActions({ store, api, slots, reload: deferred("reload"), awaitTitle: deferred("awaitTitle") }),
    titleActions({ store, api }),
    instructionActions({ store, api }),
    conversationActions({
      store,
      api,
      join: deferred("join"),
      loadTarget: deferred("loadTarget"),
      refreshHistory: deferred("refreshHistory"),
    }),
    branchActions({ store, api, join: deferred("join") }),
    queueActions({ store, send: deferred("send"), stop: deferred("stop") }),
    historyActions({ store, api }),
    removalActions({
      store,
      api,
      open: deferred("open"),
      showToast: deferred("showToast"),
      dismissToast: deferred("dismissToast"),
    }),
    sharingActions({ store, api }),
    printingActions({ store, loadOlder: deferred("loadOlder"), print: () => globalThis.print(), drawn: twoFrames }),
    archiveActions({
      store,
      api,
      open: deferred("open"),
      showToast: deferred("showToast"),
      dismissToast: deferred("dismissToast"),
      refreshHistory: deferred("refreshHistory"),
    }),
    selectionActions({ store, archiveAll: deferred("archiveAll"), removeAll: deferred("removeAll") }),
    dataActions({ store, api, leave: () => location.assign(pathOfKey(NEW)) }),
    unreadActions({
      store,
      isSeen: () => !document.hidden && document.hasFocus(),
      notify: ({ key, title }) =>
        notify({
          title: title || strings.product,
          body: strings.notification.done,
          tag: `parley-${key}`,
          onClick: () => actions.open(key),
        }),
    }),
    { allowNotifications, download, addressOf: pathOfKey },
    pageActions({ store, api }),
  );
  return actions;
}

const frame = () => new Promise(requestAnimationFrame);
/** The first frame draws the change; the second one comes after it. */
const twoFrames = () => frame().then(frame);
