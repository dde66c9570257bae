// Choosing several chats of the list, to put them away, take them along or delete them.

import { chosenWith } from "../state/choice.js";

/** `archiveAll(items)` and `removeAll(items)` are those of single chats, for many. */
export function choosingActions({ store, archiveAll, removeAll }) {
  const set = (choice) => store.update({ choice });
  const chosenItems = () => store.state.history.items.filter(({ id }) => store.state.choice?.ids.has(id));
  const endWith = (run) => () => {
    const items = chosenItems();
    set(null);
    run(items);
  };
  return {
    startChoosing: (id = null) => set({ ids: new Set(id === null ? [] : [id]), anchor: id }),
    /** `order` are the ids of the list as it is shown; `range`: all from the one chosen last. */
    choose: (id, { order, range = false }) => set(chosenWith(store.state.choice, id, order, range)),
    chooseAll: (ids) => set({ ids: new Set(ids), anchor: null }),
    endChoosing: () => set(null),
    archiveChosen: endWith(archiveAll),
    removeChosen: endWith(removeAll),
  };
}
