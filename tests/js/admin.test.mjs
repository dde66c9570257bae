import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, duration, milliseconds } from "../../chat/web/static/js/admin/figures.js";
import { healthOf } from "../../chat/web/static/js/admin/health.js";
import { keyOf, slopeOf, withReport } from "../../chat/web/static/js/admin/history.js";
import { nextOrder, sorted } from "../../chat/web/static/js/admin/sorting.js";
import { pointsOf } from "../../chat/web/static/js/admin/sparkline.js";
import { texts as de } from "../../chat/web/static/js/strings/admin-de.js";
import { texts as en } from "../../chat/web/static/js/strings/admin-en.js";

const START = Date.parse("2026-03-02T09:00:00.000Z");
const worker = (more = {}) => ({
  pid: 57321,
  host: "host",
  server: "host:5000",
  stale: false,
  reported_at: new Date(START).toISOString(),
  rss_bytes: 100e6,
  loop_lag_ms: 1,
  blocked: [],
  ...more,
});
const reportOf = (at, ...workers) => ({ at: new Date(at).toISOString(), workers });

/** The history of ten minutes, every five seconds, of a worker whose memory is `rss(minutes)`. */
function historyOf(rss, minutes = 10) {
  let history = {};
  for (let at = 0; at <= minutes * 60_000; at += 5000)
    history = withReport(history, reportOf(START + at, worker({ rss_bytes: rss(at / 60_000) })));
  return history;
}
const KEY = keyOf(worker());

test("both catalogues have the same entries", () => {
  const shapeOf = (value, path = "") =>
    typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, each]) => shapeOf(each, `${path}.${key}`))
      : [`${path}: ${typeof value} ${Array.isArray(value) ? value.length : ""}`];
  assert.deepEqual(shapeOf(de).sort(), shapeOf(en).sort());
});

test("bytes and times are as people write them", () => {
  assert.deepEqual(
    [0, 999, 1000, 96_468_992, 3e9].map((size) => bytes(size, "en-GB")),
    ["0 B", "999 B", "1.0 kB", "96.5 MB", "3.0 GB"],
  );
  assert.equal(bytes(-3_200_000, "de-DE"), "-3,2 MB");
  assert.deepEqual(
    [0.24, 240.4, 1300].map((each) => milliseconds(each, "en-GB")),
    ["0.2 ms", "240 ms", "1.3 s"],
  );
  assert.deepEqual(
    [3.5, 61, 7200, 200_000].map((each) => duration(each, "en-GB", en.units)),
    ["3 s", "1 min", "2 h", "2 d"],
  );
});

test("the slope of steady growth is its growth per minute", () => {
  const slope = slopeOf(historyOf((minutes) => 100e6 + 3e6 * minutes)[KEY], "rss");
  assert.ok(Math.abs(slope - 3e6) < 1000, `${slope}`);
});

test("neither a step nor noise is growth", () => {
  for (const rss of [
    (minutes) => (minutes < 4 ? 100e6 : 150e6),
    (minutes) => 100e6 + 5e6 * Math.sin(minutes * 20),
    () => 100e6,
  ]) {
    assert.ok(slopeOf(historyOf(rss)[KEY], "rss") < 1e6);
  }
});

test("there is no slope before there is enough to tell", () => {
  assert.equal(slopeOf(historyOf((minutes) => 3e6 * minutes, 1)[KEY], "rss"), null);
  assert.equal(slopeOf([], "rss"), null);
});

test("the history keeps half an hour, and nothing of workers that have ended", () => {
  const history = historyOf(() => 1, 40);
  assert.ok(history[KEY].length <= 361);
  assert.deepEqual(withReport(history, reportOf(START + 41 * 60_000, worker({ pid: 2 })))[KEY], undefined);
});

test("health names the worst of each worker", () => {
  const at = START + 10 * 60_000;
  const grows = historyOf((minutes) => 100e6 + 3e6 * minutes);
  const soon = (more) => worker({ reported_at: new Date(at).toISOString(), ...more });
  const kinds = (history, ...workers) => healthOf(reportOf(at, ...workers), history).problems.map(({ kind }) => kind);
  assert.deepEqual(healthOf(reportOf(at, soon()), {}), { well: 1, problems: [] });
  assert.deepEqual(kinds(grows, soon()), ["grows"]);
  assert.deepEqual(kinds({}, soon({ loop_lag_ms: 900 })), ["lag"]);
  const blocked = [{ at: new Date(at - 1000).toISOString(), ms: 200, where: "x.py:1 f" }];
  assert.deepEqual(kinds(grows, soon({ blocked })), ["blocked"]);
  assert.deepEqual(kinds({}, soon({ blocked: [{ ...blocked[0], at: new Date(START).toISOString() }] })), []);
  assert.deepEqual(kinds(grows, worker({ stale: true, blocked })), ["stale"]);
  assert.equal(healthOf(reportOf(at, worker({ stale: true })), {}).problems[0].value, 600);
});

test("the sentences have their plurals", () => {
  assert.equal(en.well(4, 1), "4 workers are well.");
  assert.equal(en.well(1, 1), "1 worker is well.");
  assert.equal(de.well(8, 2), "8 Worker laufen normal, auf 2 Servern.");
  assert.equal(
    en.problems.grows(57321, 3e6, (size) => bytes(size, "en-GB")),
    "57321 grows 3.0 MB a minute: take a snapshot.",
  );
  assert.match(en.problems.blocked(1, 1), /was blocked once in/);
  assert.match(de.problems.blocked(1, 1200), /1\.200\u00A0Mal/);
});

test("a table is sorted by its column, and turned around by a second click", () => {
  const columns = [
    { key: "name", text: true, value: (row) => row.name },
    { key: "size", value: (row) => row.size },
  ];
  const rows = [
    { name: "b", size: 1 },
    { name: "a", size: 3 },
    { name: "c", size: 2 },
  ];
  const first = nextOrder({ key: "name", up: true }, columns[1]);
  assert.deepEqual(first, { key: "size", up: false });
  assert.deepEqual(
    sorted(rows, columns, first).map((row) => row.size),
    [3, 2, 1],
  );
  assert.deepEqual(
    sorted(rows, columns, nextOrder(first, columns[1])).map((row) => row.size),
    [1, 2, 3],
  );
  assert.deepEqual(
    sorted(rows, columns, nextOrder(first, columns[0])).map((row) => row.name),
    ["a", "b", "c"],
  );
});

test("the line of a history stays in its box", () => {
  const samples = Array.from({ length: 500 }, (_, index) => ({ at: index, rss: 100 + (index % 7) }));
  const points = pointsOf(samples, "rss").split(" ");
  assert.ok(points.length <= 97);
  for (const point of points) {
    const [x, y] = point.split(",").map(Number);
    assert.ok(x >= 0 && x <= 96 && y >= 0 && y <= 24, point);
  }
});
