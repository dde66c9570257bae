// The page itself: who is here, what is open over it, what is said in passing, what was chosen for it.

import { problemOf } from "../network/errors.js";
import { textOf } from "../state/message.js";
import { modelChosen } from "../state/model.js";
import { draftChanged } from "../state/page.js";
import { chooseLanguage, strings } from "../strings/index.js";

/** Whether the list is a drawer: the same width as in the style sheets. */
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
    /** Every module has its sentences from the start, so another language is another start. */
    chooseLanguage(language) {
      chooseLanguage(language);
      location.reload();
    },
    /** The questions of the open chat, as far as they are known here. */
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
    /** What was typed for a dialog before it was there: changed by the keys, and taken by the dialog. */
    typeAhead(change) {
      typedAhead = change(typedAhead);
    },
    takeTyped() {
      const text = typedAhead;
      typedAhead = "";
      return text;
    },
    /** That one only: when the browser tells of its end, another may have been opened. */
    closeDialog: (closing = store.state.dialog) =>
      store.update(({ dialog }) => (dialog === closing ? { dialog: null } : {})),
    /** The server answers: what was said of its absence is over. */
    clearUnreachable: () => store.state.problem?.unreachable && store.update({ problem: null }),
    dismissProblem: set({ problem: null }),
    closeDrawer: set({ drawerOpen: false }),
    toggleSidebar() {
      if (isNarrow()) store.update(({ drawerOpen }) => ({ drawerOpen: !drawerOpen }));
      else prefer({ sidebar: !store.state.preferences.sidebar });
    },
    /** A link's click: done here, unless it was meant to open another window. */
    link: (run) => (event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      run();
    },
  };
}
