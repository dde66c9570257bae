// A table of a tool's result. Tables written by a model have the same frame.

import { element, taskListener } from "../browser/tasks.js";
import { setDirections } from "../markdown/direction.js";
import { strings } from "../strings/index.js";
import { html, memo, useLayoutEffect, useRef } from "../view.js";
import { TABLE_TASKS, tableBlock } from "./frame.js";
import { isNumericColumn } from "./sorting.js";

const FIRST_ROWS = 15;
const onClick = taskListener(TABLE_TASKS);

/** `plain`: inside something that has its own title and download. */
export const Table = memo(({ table, plain = false }) => {
  const place = useRef(null);
  useLayoutEffect(() => place.current.replaceChildren(drawn(table, plain)), [table, plain]);
  return html`<div class="table-place" ref=${place} onClick=${onClick}></div>`;
});

function drawn(table, plain) {
  const { title, rows, raw = rows } = table;
  const made = tableElement(table, plain ? "" : title);
  setDirections(made);
  return tableBlock(made, {
    label: strings.result.scrollTable(title || strings.result.untitled),
    raw,
    // A few more rows are not worth hiding.
    first: rows.length > FIRST_ROWS + 3 ? FIRST_ROWS : null,
    plain,
  });
}

function tableElement({ columns, rows, raw = rows }, title) {
  const numeric = columns.map((name, column) => {
    const cells = raw.map((row) => row[column]);
    return isNumericColumn(cells, name) ? "numeric" : "";
  });
  const head = columns.map((name, column) => element("th", numeric[column], name));
  const body = rows.map((row) => element("tr", "", ...row.map((cell, column) => cellElement(cell, column, numeric))));
  const parts = [element("thead", "", element("tr", "", ...head)), element("tbody", "", ...body)];
  return element("table", "", ...(title ? [captionOf(title)] : []), ...parts);
}

function captionOf(title) {
  const made = element("caption", "", title);
  made.dir = "auto";
  return made;
}

function cellElement(cell, column, numeric) {
  const made = element(column === 0 ? "th" : "td", numeric[column], cell === "" ? strings.result.noValue : cell);
  if (column === 0) made.scope = "row";
  return made;
}
