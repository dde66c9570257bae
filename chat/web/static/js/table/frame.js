// What every table in the page has around it, whoever wrote it: a frame in which it scrolls, heads to sort by, and
// buttons to copy and to save it.

import { copyFrom } from "../browser/copy-button.js";
import { download } from "../browser/download.js";
import { element, taskButton } from "../browser/tasks.js";
import { strings } from "../strings/index.js";
import { cellText, leastWidth, widthOf } from "./cells.js";
import { isData, toCsv } from "./csv.js";
import { nextDirection, sortedRows } from "./sorting.js";
import { toTsv } from "./table-text.js";

/** A first column whose cells need no more than these stays in sight. */
const PINNED_LETTERS = 20;

/** By body: the `rows` in the order they raw, how many are shown `first`, and of each row the cells as they `raw`. */
const bodies = new WeakMap();

/** What the buttons do, see `taskListener`. */
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
 * A table element in its frame. `raw` has the cells of each row as they raw, where those shown are in the page's
 * writing; of a long one, `first` rows are shown. `plain`: inside something that has a download of its own.
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
  // No class: with another one the table of a growing text would be another table.
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

/** A head's words are its button; beside words that can be followed stands one of its own, and without any is none. */
function addSortButton(head) {
  head.scope = "col";
  const words = cellText(head);
  if (!/[\p{L}\p{N}\p{S}#%&@]/u.test(words)) return;
  const followed = head.querySelector("a[href]") !== null;
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

/** Whether the first column may stay in sight while the others scroll: it leaves room for them on a phone, too. */
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
  // The first row may be on its way.
  if (!body) return;
  if (!bodies.has(body)) bodies.set(body, { rows: [...body.rows] });
  showRows(body, orderedRows(body));
}

/** All rows in the order that is shown now. */
function orderedRows(body) {
  const { rows, raw } = bodies.get(body) ?? { rows: [...body.rows] };
  const head = body.parentElement.querySelector("[aria-sort]");
  if (!head) return rows;
  const byCells = new Map(rows.map((row) => [raw?.get(row) ?? cellsOf(row), row]));
  const direction = head.getAttribute("aria-sort");
  // What raw from a tool is written in English.
  const language = raw ? "en" : strings.language;
  return sortedRows([...byCells.keys()], head.cellIndex, direction, language, cellText(head)).map((cells) =>
    byCells.get(cells),
  );
}

/** Sorts a table again whose rows were written anew, in the order they raw. */
export function sortAgain(table) {
  const head = table.querySelector("[aria-sort]");
  const [body] = table.tBodies;
  if (!head || !body) return;
  bodies.set(body, { rows: [...body.rows] });
  showRows(body, orderedRows(body));
}

const cellsOf = (row) => [...row.cells].map(cellText);

/** All rows with the head, as they are `shown` and as they `raw`, where that is known. */
function rowsOf(table) {
  const [body] = table.tBodies;
  const head = table.tHead ? [...table.tHead.rows].map(cellsOf) : [];
  const rows = body ? orderedRows(body) : [];
  const shown = [...head, ...rows.map(cellsOf)];
  const raw = bodies.get(body)?.raw;
  return { shown, raw: raw ? [...head, ...rows.map((row) => raw.get(row))] : null };
}

/** Figures go into a file as they raw, everything else as it is shown. */
function csvOf(table) {
  const { shown, raw } = rowsOf(table);
  // A model writes its figures in any language.
  if (!raw) return toCsv(/** @type {any} */ (shown), { english: false });
  return toCsv(
    /** @type {any} */ (raw.map((row, at) => row.map((cell, column) => (isData(cell) ? cell : shown[at][column])))),
  );
}
