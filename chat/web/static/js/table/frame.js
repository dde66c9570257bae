// The frame of every table in the page: scrolling, sortable headers, buttons to copy and save.

import { copyFrom } from "../browser/copy-button.js";
import { download } from "../browser/download.js";
import { element, taskButton } from "../browser/tasks.js";
import { strings } from "../strings/index.js";
import { cellText, leastWidth, widthOf } from "./cells.js";
import { isData, toCsv } from "./csv.js";
import { nextDirection, sortedRows } from "./sorting.js";
import { toTsv } from "./table-text.js";

/** The first column stays in view if its cells need no more letters than this. */
const PINNED_LETTERS = 20;

/** By table body: the `rows` in original order, how many are shown `first`, and each row's `raw` cells. */
const bodies = new WeakMap();

/** Actions of the buttons: see `taskListener`. */
export const TABLE_TASKS = {
  "all-rows": (button) => showAllRows(button),
  "copy-table": (button) => copyFrom(button, toTsv(rowsOf(tableOf(button)).shown)),
  csv: (button) => {
    const table = tableOf(button);
    download(`${table.caption?.textContent || strings.markdown.table}.csv`, "text/csv;charset=utf-8", csvOf(table));
  },
  sort: (button) => {
    const head = button.closest("th");
    showSorted(head, nextDirection(head.getAttribute("aria-sort")));
  },
};

const tableOf = (button) => button.closest(".table-block").querySelector("table");

/**
 * Put a table element into its frame. `raw` has the original cells of each row, if the shown ones are translated. Of a
 * long table, `first` rows are shown. `plain`: inside something that has its own download.
 * @param {HTMLTableElement} table
 * @param {{label?: string, raw?: any, first?: number | null, plain?: boolean}} [how]
 */
export function tableBlock(table, { label = strings.markdown.table, raw = null, first = null, plain = false } = {}) {
  const scroller = element("div", "table-scroll", table);
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", label);
  for (const head of table.querySelectorAll("thead th")) addSortButton(head);
  for (const cell of table.querySelectorAll("tbody :is(th, td)")) setCellWidth(cell);
  // Not a class: it would make the table of a growing text a different one.
  if (isNarrowFirst(table)) table.dataset.pinned = "";
  const foot = element("div", "table-foot", ...footOf(plain));
  const [body] = table.tBodies;
  if (raw) bodies.set(body, { rows: [...body.rows], raw: new Map([...body.rows].map((row, at) => [row, raw[at]])) });
  if (first !== null && body.rows.length > first) fold(body, foot, first);
  return element("div", "table-block", scroller, ...(foot.childElementCount > 0 ? [foot] : []));
}

function footOf(plain) {
  const labels = strings.markdown;
  return plain
    ? []
    : [taskButton("copy-table", labels.copy, labels.copyTable), taskButton("csv", labels.csv, labels.csvLabel)];
}

/**
 * Make the header's text its sort button. A header with a link or a footnote gets a separate button; one without text
 * gets none.
 */
function addSortButton(head) {
  head.scope = "col";
  const words = cellText(head);
  if (!/[\p{L}\p{N}\p{S}#%&@]/u.test(words)) return;
  const followed = head.querySelector("a[href], .note-ref") !== null;
  const sort = element("button", "sort", ...(followed ? [] : head.childNodes));
  sort.type = "button";
  sort.dataset.task = "sort";
  if (followed) sort.setAttribute("aria-label", strings.result.sortBy(words));
  head.append(sort);
}

function setCellWidth(cell) {
  const width = widthOf(cellText(cell));
  if (width) cell.classList.add(`cell-${width}`);
}

/**
 * Return whether the first column may stay in view while the others scroll: it must leave space for them on a phone.
 */
function isNarrowFirst(table) {
  const first = [...table.rows].map(({ cells: [cell] }) => cell).filter(Boolean);
  return first.length > 1 && first.every((cell) => leastWidth(cellText(cell)) <= PINNED_LETTERS);
}

function fold(body, foot, first) {
  bodies.get(body).first = first;
  const all = taskButton("all-rows", "", "");
  all.removeAttribute("aria-label");
  foot.prepend(all);
  setFolded(all, body, true);
}

const showAllRows = (button) =>
  setFolded(button, tableOf(button).tBodies[0], button.getAttribute("aria-expanded") === "true");

function setFolded(button, body, folded) {
  const { rows } = bodies.get(body);
  button.setAttribute("aria-expanded", String(!folded));
  button.textContent = folded ? strings.result.allRows(rows.length) : strings.result.fewer;
  bodies.get(body).folded = folded;
  showRows(body, orderedRows(body));
}

function showRows(body, rows) {
  const { folded = false, first } = bodies.get(body);
  body.replaceChildren(...(folded ? rows.slice(0, first) : rows));
}

function showSorted(head, direction) {
  const table = head.closest("table");
  for (const each of table.querySelectorAll("[aria-sort]")) each.removeAttribute("aria-sort");
  if (direction) head.setAttribute("aria-sort", direction);
  const [body] = table.tBodies;
  // The first row may still be on its way.
  if (!body) return;
  if (!bodies.has(body)) bodies.set(body, { rows: [...body.rows] });
  showRows(body, orderedRows(body));
}

/** Return all rows in the order shown now. */
function orderedRows(body) {
  const { rows, raw } = bodies.get(body) ?? { rows: [...body.rows] };
  const head = body.parentElement.querySelector("[aria-sort]");
  if (!head) return rows;
  const byCells = new Map(rows.map((row) => [raw?.get(row) ?? cellsOf(row), row]));
  const direction = head.getAttribute("aria-sort");
  // Tools write English.
  const language = raw ? "en" : strings.language;
  return sortedRows([...byCells.keys()], head.cellIndex, direction, language, cellText(head)).map((cells) =>
    byCells.get(cells),
  );
}

/** Sort a table again after its rows were replaced in original order. */
export function sortAgain(table) {
  const head = table.querySelector("[aria-sort]");
  const [body] = table.tBodies;
  if (!head || !body) return;
  bodies.set(body, { rows: [...body.rows] });
  showRows(body, orderedRows(body));
}

const cellsOf = (row) => [...row.cells].map(cellText);

/** Return all rows with the header, as `shown` and, where known, as `raw` cells. */
function rowsOf(table) {
  const [body] = table.tBodies;
  const head = table.tHead ? [...table.tHead.rows].map(cellsOf) : [];
  const rows = body ? orderedRows(body) : [];
  const shown = [...head, ...rows.map(cellsOf)];
  const raw = bodies.get(body)?.raw;
  return { shown, raw: raw ? [...head, ...rows.map((row) => raw.get(row))] : null };
}

/** Numbers go into a file unchanged, everything else as it is shown. */
function csvOf(table) {
  const { shown, raw } = rowsOf(table);
  // A model may write numbers in any language.
  if (!raw) return toCsv(/** @type {any} */ (shown), { english: false });
  return toCsv(
    /** @type {any} */ (raw.map((row, at) => row.map((cell, column) => (isData(cell) ? cell : shown[at][column])))),
  );
}
