// Everything a person can do on this page, as one object of functions over the store and the server.

import { describe } from "../problems.js";
import { draftChanged } from "../state/page.js";
import { strings } from "../strings/index.js";
import { conversationActions } from "./conversations.js";
import { historyActions } from "./history.js";
import { turnActions } from "./turns.js";

export function createActions({ store, api }) {
  const actions = {};
  Object.assign(
    actions,
    turnActions({ store, api, reload: (...given) => actions.reload(...given) }),
    conversationActions({ store, api, join: (...given) => actions.join(...given) }),
    historyActions({ store, api, open: (...given) => actions.open(...given) }),
    pageActions({ store, api }),
  );
  return actions;
}

function pageActions({ store, api }) {
  async function loadMe() {
    try {
      const me = await api.me();
      store.update(({ model }) => ({
        me,
        model: me.models?.includes(model) ? model : me.default_model,
        problem: null,
      }));
    } catch (error) {
      const text = error.status ? describe(error) : strings.problem.unreachableAtStart;
      store.update({ problem: { text, action: { label: strings.problem.reload, run: () => location.reload() } } });
    }
  }

  return {
    loadMe,
    setDraft: (text) => store.update((state) => draftChanged(state, state.openKey, text)),
    chooseModel: (model) => store.update({ model }),
    dismissProblem: () => store.update({ problem: null }),
    openDrawer: () => store.update({ drawerOpen: true }),
    closeDrawer: () => store.update({ drawerOpen: false }),
    /** A link's click: done here, unless it was meant to open another window. */
    link: (run) => (event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      run();
    },
  };
}
