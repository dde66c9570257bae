// Select several chats of the list to archive, export or delete them.

import { withToggled } from "../state/selection.js";

/** `archiveAll(items)` and `removeAll(items)` act on many chats. */
export function selectionActions({ store, archiveAll, removeAll }) {
  const set = (selection) => store.update({ selection });
  const selectedItems = () => store.state.history.items.filter(({ id }) => store.state.selection?.ids.has(id));
  const endWith = (run) => () => {
    const items = selectedItems();
    set(null);
    run(items);
  };
  return {
    startSelecting: (id = null) => set({ ids: new Set(id === null ? [] : [id]), anchor: id }),
    /** `order` has the ids in the order of the list. `range` selects all from the last selected id. */
    toggleSelected: (id, { order, range = false }) => set(withToggled(store.state.selection, id, order, range)),
    selectAll: (ids) => set({ ids: new Set(ids), anchor: null }),
    endSelecting: () => set(null),
    archiveSelected: endWith(archiveAll),
    removeSelected: endWith(removeAll),
  };
}
