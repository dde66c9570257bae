// The list of conversations at the left: its order, its groups, its pages. Pure functions.
// An item is {id, title, updatedAt (milliseconds), pinned, running}.

export function readItem(json) {
  const time = Date.parse(json.updated_at);
  return {
    id: json.id,
    title: String(json.title ?? ""),
    updatedAt: Number.isFinite(time) ? time : 0,
    pinned: json.pinned === true,
    running: json.running === true,
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
  const groups = new Map([["pinned", []], ...Object.keys(starts).map((name) => [name, []]), ["older", []]]);
  for (const item of items) {
    const recent = Object.keys(starts).find((name) => item.updatedAt >= starts[name]) ?? "older";
    groups.get(item.pinned ? "pinned" : recent).push(item);
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

/** With the first page as the server has it now; what was loaded beyond it stays. */
export function refreshFirstPage(items, page, more) {
  if (!more || page.length === 0) return page;
  const known = new Set(page.map((item) => item.id));
  const oldest = Math.min(...page.filter((item) => !item.pinned).map((item) => item.updatedAt));
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

export function withoutItem(items, id) {
  return items.filter((item) => item.id !== id);
}
