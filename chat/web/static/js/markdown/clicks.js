// What the buttons in an answer's words do: copying, wrapping, sorting, saving. One listener for each text.

import { copyText } from "../browser/clipboard.js";
import { download } from "../browser/download.js";
import { strings } from "../strings/index.js";
import { nextDirection, sortedRows, toCsv, toTsv } from "../table/table-text.js";
import { followNote } from "./notes.js";

const SAID_MS = 1600;

const TASKS = {
  "copy-code": (button) => copied(button, codeOf(button).textContent),
  "copy-table": (button) => copied(button, toTsv(rowsOf(tableOf(button)))),
  csv: (button) => download(`${strings.markdown.table}.csv`, "text/csv;charset=utf-8", toCsv(rowsOf(tableOf(button)))),
  note: (link, event) => {
    event.preventDefault();
    followNote(link);
  },
  sort: (button) => sort(button.closest("th"), button.closest("table")),
  wrap: (button) => {
    const wrapped = button.closest(".code-block").classList.toggle("wrapped");
    button.setAttribute("aria-pressed", String(wrapped));
  },
};

export function onClick(event) {
  const button = event.target.closest?.("[data-task]");
  if (button && event.currentTarget.contains(button)) TASKS[button.dataset.task]?.(button, event);
}

const codeOf = (button) => button.closest(".code-block").querySelector("code");
const tableOf = (button) => button.closest(".table-block").querySelector("table");

/** The button itself says that it is done; its name changes with it, for those who hear it. */
async function copied(button, text) {
  const say = strings.markdown;
  const [word, label] = [button.textContent, button.getAttribute("aria-label")];
  if (button.dataset.said) return;
  button.dataset.said = "1";
  const done = (await copyText(text)) ? say.copied : say.notCopied;
  button.textContent = done;
  button.setAttribute("aria-label", done);
  setTimeout(() => {
    delete button.dataset.said;
    button.textContent = word;
    button.setAttribute("aria-label", label);
  }, SAID_MS);
}

const cellsOf = (row) => [...row.cells].map((cell) => cell.textContent.trim());
const rowsOf = (table) => [...table.rows].map(cellsOf);

/** The order that the rows came in, so that the third click can bring it back. */
const originals = new WeakMap();

function sort(head, table) {
  const body = table.tBodies[0];
  if (!body) return;
  if (!originals.has(body)) originals.set(body, [...body.rows]);
  const rows = originals.get(body);
  const direction = nextDirection(head.getAttribute("aria-sort"));
  for (const each of table.querySelectorAll("[aria-sort]")) each.removeAttribute("aria-sort");
  if (direction) head.setAttribute("aria-sort", direction);
  const byCells = new Map(rows.map((row) => [cellsOf(row), row]));
  const cells = [...byCells.keys()];
  const ordered = direction ? sortedRows(cells, head.cellIndex, direction, strings.language) : cells;
  body.append(...ordered.map((each) => byCells.get(each)));
}
