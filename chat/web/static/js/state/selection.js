// The selected chats of the list: {ids: Set, anchor: the last selected id, or null}. Pure functions.

/** Toggle `id`. With `range`, everything between the anchor and `id` gets the same state. */
export function withToggled(selection, id, order, range = false) {
  const ids = new Set(selection?.ids ?? []);
  const selected = !ids.has(id);
  const ends = [order.indexOf(selection?.anchor), order.indexOf(id)].sort((one, other) => one - other);
  const span = range && ends[0] >= 0 ? order.slice(ends[0], ends[1] + 1) : [id];
  for (const each of span) {
    if (selected) ids.add(each);
    else ids.delete(each);
  }
  return { ids, anchor: id };
}
