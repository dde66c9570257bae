// The list of conversations at the left: its order, its groups, its pages. Pure functions.
// An item is {id, title, updatedAt (milliseconds), pinned, running, archived}; archived ones are found by search only.

/** @returns {HistoryItem} */
export function readItem(json) {
  const time = Date.parse(json.updated_at);
  return {
    id: json.id,
    title: String(json.title ?? ""),
    updatedAt: Number.isFinite(time) ? time : 0,
    pinned: json.pinned === true,
    running: json.running === true,
    archived: json.archived === true,
  };
}

/** Non-empty groups `{name, items}` in the order they are shown; days are those of the reader's clock at `now`. */
export function groupItems(items, now) {
  const starts = {
    today: daysBefore(now, 0),
    yesterday: daysBefore(now, 1),
    week: daysBefore(now, 7),
    month: daysBefore(now, 30),
  };
  const names = ["pinned", ...Object.keys(starts), "older"];
  const groups = new Map(names.map((name) => [name, /** @type {any[]} */ ([])]));
  for (const item of items) {
    const recent = Object.keys(starts).find((name) => item.updatedAt >= starts[name]) ?? "older";
    groups.get(item.pinned ? "pinned" : recent)?.push(item);
  }
  return [...groups].filter(([, each]) => each.length > 0).map(([name, each]) => ({ name, items: each }));
}

/** When that day began, in milliseconds. Through the calendar, since days of 23 and 25 hours exist. */
function daysBefore(now, days) {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - days);
  return day.getTime();
}

/** With a page of older items after what is there. */
export function appendPage(items, page) {
  const known = new Set(items.map((item) => item.id));
  return [...items, ...page.filter((item) => !known.has(item.id))];
}

/**
 * The list with its newest page as the server has it now, and with what is pinned; what was loaded beyond stays. So does
 * a chat that was begun since the server was itemsAtRequest, and whether an answer runs where that was noted since: `itemsAtRequest` has
 * the items of the list then, by id.
 */
export function refreshedHistory(history, newest, nextCursor, allPinned, itemsAtRequest) {
  const known = new Map(history.items.map((item) => [item.id, item]));
  const [page, pinned] = [newest, allPinned].map((items) =>
    items.map((item) => withNews(item, known.get(item.id), itemsAtRequest)),
  );
  const isPinned = new Set(pinned.map((item) => item.id));
  const merged = refreshFirstPage(history.items, page, nextCursor !== null);
  const mergedIds = new Set(merged.map((item) => item.id));
  const since = history.items.filter(({ id }) => !itemsAtRequest.has(id) && !isPinned.has(id) && !mergedIds.has(id));
  const beyond = nextCursor !== null && merged.length > page.length;
  return {
    items: [...pinned, ...since, ...merged.filter((item) => !item.pinned && !isPinned.has(item.id))],
    nextCursor: beyond ? history.nextCursor : nextCursor,
  };
}

/** The server's item, except that an answer began or ended here while its reply was on the way. */
function withNews(item, known, itemsAtRequest) {
  return known && known !== itemsAtRequest.get(item.id) ? { ...item, running: known.running } : item;
}

function refreshFirstPage(items, page, more) {
  if (!more || page.length === 0) return page;
  const known = new Set(page.map((item) => item.id));
  const oldest = Math.min(...page.map((item) => item.updatedAt));
  return [...page, ...items.filter((item) => !known.has(item.id) && !item.pinned && item.updatedAt <= oldest)];
}

/** With one conversation changed, and put where its time says (newest first). */
export function withItem(items, id, change) {
  const old = items.find((item) => item.id === id) ?? { id, title: "", updatedAt: 0, pinned: false, running: false };
  const changed = { ...old, ...change };
  const others = items.filter((item) => item.id !== id);
  const place = others.findIndex((item) => !item.pinned && item.updatedAt <= changed.updatedAt);
  return place < 0 ? [...others, changed] : [...others.slice(0, place), changed, ...others.slice(place)];
}

/** An item that a search found, with the words around the hit: `snippet` is {pieces, messageId} or null. */
export function readSearchHit(json) {
  const { snippet } = json;
  if (!snippet || typeof snippet.text !== "string") return { ...readItem(json), snippet: null };
  const pieces = highlighted(snippet.text, Array.isArray(snippet.marks) ? snippet.marks : []);
  return { ...readItem(json), snippet: { pieces, messageId: snippet.message_id ?? null } };
}

/** The text as pieces `{text, hit}`. The marks count whole characters, a string here UTF-16 units. */
export function highlighted(text, marks) {
  const characters = [...text];
  const pieces = [];
  let from = 0;
  const add = (to, hit) => {
    if (to > from) pieces.push({ text: characters.slice(from, to).join(""), hit });
    from = Math.max(from, to);
  };
  for (const [start, end] of marks.filter(isSpan).sort((one, other) => one[0] - other[0])) {
    add(Math.min(start, characters.length), false);
    add(Math.min(end, characters.length), true);
  }
  add(characters.length, false);
  return pieces;
}

function isSpan(mark) {
  return Array.isArray(mark) && Number.isInteger(mark[0]) && Number.isInteger(mark[1]) && mark[0] >= 0;
}
