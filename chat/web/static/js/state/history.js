// The list of conversations: order, groups, pages. Pure functions. An item is {id, title, updatedAt (milliseconds),
// pinned, running, archived}. Archived items appear only in search results.

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

const SHORT = 40;

/** Return a title that leaves space for a sentence around it. */
export function shortened(title) {
  const letters = [...title];
  return letters.length <= SHORT
    ? title
    : `${letters
        .slice(0, SHORT - 1)
        .join("")
        .trimEnd()}…`;
}

/** Return the non-empty groups `{name, items}` in order. Days are those of the reader's time zone at `now`. */
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

/** Return the start of that day in milliseconds. Uses the calendar, since days may have 23 or 25 hours. */
function daysBefore(now, days) {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - days);
  return day.getTime();
}

/** Append a page of older items. */
export function appendPage(items, page) {
  const known = new Set(items.map((item) => item.id));
  return [...items, ...page.filter((item) => !known.has(item.id))];
}

/**
 * Merge the server's newest page and all pinned items into the list. Pages loaded further down stay. `itemsAtRequest`
 * has the list's items by id when the request was sent: chats created since then stay, and so does a `running` flag
 * changed since then.
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

/** Return the server's item, with the local `running` flag if that changed while the response was on its way. */
function withNews(item, known, itemsAtRequest) {
  return known && known !== itemsAtRequest.get(item.id) ? { ...item, running: known.running } : item;
}

function refreshFirstPage(items, page, more) {
  if (!more || page.length === 0) return page;
  const known = new Set(page.map((item) => item.id));
  const oldest = Math.min(...page.map((item) => item.updatedAt));
  return [...page, ...items.filter((item) => !known.has(item.id) && !item.pinned && item.updatedAt <= oldest)];
}

/** Change one conversation and move it to the place of its time, newest first. */
export function withItem(items, id, change) {
  const old = items.find((item) => item.id === id) ?? { id, title: "", updatedAt: 0, pinned: false, running: false };
  const changed = { ...old, ...change };
  const others = items.filter((item) => item.id !== id);
  const place = others.findIndex((item) => !item.pinned && item.updatedAt <= changed.updatedAt);
  return place < 0 ? [...others, changed] : [...others.slice(0, place), changed, ...others.slice(place)];
}

/** Parse a search result: `snippet` is {pieces, messageId} or null. */
export function readSearchHit(json) {
  const { snippet } = json;
  if (!snippet || typeof snippet.text !== "string") return { ...readItem(json), snippet: null };
  const pieces = highlighted(snippet.text, Array.isArray(snippet.marks) ? snippet.marks : []);
  return { ...readItem(json), snippet: { pieces, messageId: snippet.message_id ?? null } };
}

/** Split the text into pieces `{text, hit}`. Marks count code points; strings here count UTF-16 units. */
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
