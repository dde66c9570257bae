// A table of figures: sorted by any column, copied, saved. Wide ones scroll inside their frame, long ones show their
// beginning first.

import { copyText } from "../browser/clipboard.js";
import { download } from "../browser/download.js";
import { strings } from "../strings/index.js";
import { html, pure, useMemo, useState } from "../view.js";
import { isData } from "./csv.js";
import { nextDirection, sortedRows, toCsv, toTsv } from "./table-text.js";

const FIRST_ROWS = 15;
const SAID_MS = 1600;
const NUMERIC = /^[-+−–]?\s?(?:[A-Z]{2,3}\s?)?[$€£¥]?\s?[-+−–]?\d[\d,.]*(?:\s?[\p{L}$€£¥%. ]{0,24})$/u;
const UNSORTED = { column: -1, direction: null };

/** `plain`: inside something that has a title and a download of its own. */
export const Table = pure(({ table, plain = false }) => {
  const [all, setAll] = useState(false);
  const [order, setOrder] = useState(UNSORTED);
  const title = table.title || strings.result.untitled;
  const { sorted, sortedRaw } = useMemo(() => inOrder(table, order), [table, order]);
  const numeric = useMemo(() => table.columns.map((_, column) => isNumeric(table.rows, column)), [table]);
  const long = table.rows.length > FIRST_ROWS + 3;
  const rows = long && !all ? sorted.slice(0, FIRST_ROWS) : sorted;
  const sort = (column) =>
    setOrder((now) => ({ column, direction: nextDirection(now.column === column ? now.direction : null) }));
  return html`
    <div class="table-block">
      <div class="table-scroll" role="region" aria-label=${strings.result.scrollTable(title)} tabindex="0">
        <table>
          ${!plain && table.title ? html`<caption>${table.title}</caption>` : null}
          <thead>
            <tr>
              ${table.columns.map(
                (name, column) => html`
                  <${Head}
                    name=${name}
                    numeric=${numeric[column]}
                    direction=${order.column === column ? order.direction : null}
                    onSort=${() => sort(column)}
                  />
                `,
              )}
            </tr>
          </thead>
          <tbody>
            ${rows.map((row) => html`<tr>${row.map((cell, column) => drawCell(cell, column, numeric))}</tr>`)}
          </tbody>
        </table>
      </div>
      <div class="table-foot">
        ${
          long &&
          html`<button type="button" class="plain-button" aria-expanded=${String(all)} onClick=${() => setAll(!all)}>
          ${all ? strings.result.fewer : strings.result.allRows(table.rows.length)}
        </button>`
        }
        ${!plain && html`<${Tools} title=${title} rows=${[table.columns, ...sorted]} raw=${[table.columns, ...forFile(sorted, sortedRaw)]} />`}
      </div>
    </div>
  `;
});

function Head({ name, numeric, direction, onSort }) {
  return html`
    <th scope="col" class=${align(numeric)} aria-sort=${direction}>
      <button type="button" class="sort" onClick=${onSort}>${name}</button>
    </th>
  `;
}

function Tools({ title, rows, raw }) {
  const [said, setSaid] = useState(null);
  const say = strings.markdown;
  const copy = async () => {
    setSaid((await copyText(toTsv(rows))) ? say.copied : say.notCopied);
    setTimeout(() => setSaid(null), SAID_MS);
  };
  return html`
    <button type="button" class="plain-button" aria-label=${said ?? say.copyTable} onClick=${copy}>
      ${said ?? say.copy}
    </button>
    <button
      type="button"
      class="plain-button"
      aria-label=${say.csvLabel}
      onClick=${() => download(`${title}.csv`, "text/csv;charset=utf-8", toCsv(raw))}
    >
      ${say.csv}
    </button>
  `;
}

const forFile = (shown, raw) =>
  raw.map((row, index) => row.map((cell, column) => (isData(cell) ? cell : shown[index][column])));

/** The rows as they are shown and as they came, both by what came: that is written in one language. */
function inOrder({ rows, raw = rows }, { column, direction }) {
  if (!direction) return { sorted: rows, sortedRaw: raw };
  const shown = new Map(raw.map((row, index) => [row, rows[index]]));
  const sortedRaw = sortedRows(raw, column, direction, strings.language);
  return { sorted: sortedRaw.map((row) => shown.get(row)), sortedRaw };
}

function drawCell(cell, column, numeric) {
  const shown = cell === "" ? strings.result.noValue : cell;
  if (column === 0) return html`<th scope="row" class=${align(numeric[0])}>${shown}</th>`;
  return html`<td class=${align(numeric[column])}>${shown}</td>`;
}

const align = (numeric) => (numeric ? "numeric" : null);

/** Whether most of a column's cells are figures, which then stand under each other by their last digit. */
function isNumeric(rows, column) {
  const filled = rows.map((row) => row[column].trim()).filter((cell) => cell !== "" && cell !== strings.result.noValue);
  return filled.length > 0 && filled.filter((cell) => NUMERIC.test(cell)).length >= filled.length * 0.7;
}
