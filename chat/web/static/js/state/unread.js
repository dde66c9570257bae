// Sets of ids that are replaced, never changed; the same set where nothing changes. Pure functions.

export function setWith(ids, id) {
  return ids.has(id) ? ids : new Set(ids).add(id);
}

export function setWithout(ids, id) {
  if (!ids.has(id)) return ids;
  const left = new Set(ids);
  left.delete(id);
  return left;
}
