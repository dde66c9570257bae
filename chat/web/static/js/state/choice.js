// Several chats chosen in the list: {ids: Set, anchor: the id that was chosen last, or null}. Pure functions.

/** With `id` chosen, or not any more; with `range` all between the anchor and it become what it becomes. */
export function chosenWith(choice, id, order, range = false) {
  const ids = new Set(choice?.ids ?? []);
  const chosen = !ids.has(id);
  const ends = [order.indexOf(choice?.anchor), order.indexOf(id)].sort((one, other) => one - other);
  const span = range && ends[0] >= 0 ? order.slice(ends[0], ends[1] + 1) : [id];
  for (const each of span) {
    if (chosen) ids.add(each);
    else ids.delete(each);
  }
  return { ids, anchor: id };
}
