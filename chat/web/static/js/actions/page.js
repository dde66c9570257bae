// The page itself: the user, the open dialog, toasts, preferences.

import { problemOf } from "../network/errors.js";
import { textOf } from "../state/message.js";
import { modelChosen } from "../state/model.js";
import { draftChanged } from "../state/page.js";
import { chooseLanguage, strings } from "../strings/index.js";

/** Return whether the list is a drawer. The width is the same as in the style sheets. */
const isNarrow = () => matchMedia("(max-width: 50rem)").matches;

export function pageActions({ store, api }) {
  let typedAhead = "";

  const set = (change) => () => store.update(change);

  async function loadMe() {
    try {
      const me = await api.me();
      store.update({ me, problem: null });
    } catch (error) {
      const problem = problemOf(error, { label: strings.problem.reload, run: () => location.reload() });
      store.update({
        problem: problem.unreachable ? { ...problem, text: strings.problem.unreachableAtStart } : problem,
      });
    }
  }

  const prefer = (change) => store.update(({ preferences }) => ({ preferences: { ...preferences, ...change } }));

  function showToast(toast) {
    store.state.toast?.onEnd?.();
    store.update({ toast });
  }

  function dismissToast() {
    const { toast } = store.state;
    store.update({ toast: null });
    toast?.onEnd?.();
  }

  return {
    loadMe,
    prefer,
    showToast,
    dismissToast,
    setDraft: (text) => store.update((state) => draftChanged(state, state.openKey, text)),
    chooseModel(model) {
      store.update((state) => modelChosen(state, state.openKey, model));
      prefer({ model });
    },
    /** Modules read their strings once at the start, so a change of language loads the page again. */
    chooseLanguage(language) {
      chooseLanguage(language);
      location.reload();
    },
    /** Return the questions of the open chat that are loaded. */
    askedQuestions: () =>
      [...(store.state.conversations.get(store.state.openKey)?.messages.values() ?? [])]
        .filter(({ role }) => role === "user")
        .map(textOf),
    models: () => store.state.me?.models ?? [],
    setTemporary: (temporary) => store.update({ temporary }),
    showDialog(name, item = null) {
      typedAhead = "";
      store.update({ dialog: { name, item }, drawerOpen: false });
    },
    /** Change the text typed for a dialog that is still loading. The dialog takes it when it opens. */
    typeAhead(change) {
      typedAhead = change(typedAhead);
    },
    takeTyped() {
      const text = typedAhead;
      typedAhead = "";
      return text;
    },
    /** Close this dialog only: when the browser reports its end, another one may be open. */
    closeDialog: (closing = store.state.dialog) =>
      store.update(({ dialog }) => (dialog === closing ? { dialog: null } : {})),
    /** The server answers again: remove the error that says it does not. */
    clearUnreachable: () => store.state.problem?.unreachable && store.update({ problem: null }),
    dismissProblem: set({ problem: null }),
    closeDrawer: set({ drawerOpen: false }),
    toggleSidebar() {
      if (isNarrow()) store.update(({ drawerOpen }) => ({ drawerOpen: !drawerOpen }));
      else prefer({ sidebar: !store.state.preferences.sidebar });
    },
    /** Handle a link's click inside the page, unless it is meant to open a new window or tab. */
    link: (run) => (event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      run();
    },
  };
}
