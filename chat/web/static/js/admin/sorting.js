// Sorting of a table by one of its columns.

/** Return the rows sorted by `column`, `{key, up}`. Equal ones keep their order. */
export function sorted(rows, columns, { key, up }) {
  const value = columns.find((each) => each.key === key)?.value ?? (() => 0);
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : Number(a) - Number(b));
  return [...rows].sort((a, b) => compare(value(a), value(b)) * (up ? 1 : -1));
}

/** Return the order after a click on the header of `key`: figures begin with the largest. */
export function nextOrder(order, column) {
  if (order.key === column.key) return { key: column.key, up: !order.up };
  return { key: column.key, up: column.text === true };
}
