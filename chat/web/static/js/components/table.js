// A table of figures: wide ones scroll inside their frame, long ones show their beginning first.

import { strings } from "../strings/index.js";
import { html, pure, useState } from "../view.js";

const FIRST_ROWS = 15;
const NUMERIC = /^[-+−–]?\s?(?:[A-Z]{2,3}\s?)?[$€£¥]?\s?[-+−–]?\d[\d,.]*(?:\s?[\p{L}$€£¥%. ]{0,24})$/u;

export const Table = pure(({ table, plain = false }) => {
  const [all, setAll] = useState(false);
  const title = table.title || strings.result.untitled;
  const long = table.rows.length > FIRST_ROWS + 3;
  const rows = long && !all ? table.rows.slice(0, FIRST_ROWS) : table.rows;
  const numeric = table.columns.map((_, column) => isNumeric(table.rows, column));
  return html`
    <div class="table-scroll" role="region" aria-label=${strings.result.scrollTable(title)} tabindex="0">
      <table>
        ${!plain && table.title ? html`<caption>${table.title}</caption>` : null}
        <thead>
          <tr>
            ${table.columns.map((name, column) => html`<th scope="col" class=${align(numeric[column])}>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => html`<tr>${row.map((cell, column) => drawCell(cell, column, numeric))}</tr>`)}
        </tbody>
      </table>
    </div>
    ${
      long
        ? html`<button type="button" class="quiet" aria-expanded=${String(all)} onClick=${() => setAll(!all)}>
          ${all ? strings.result.fewer : strings.result.allRows(table.rows.length)}
        </button>`
        : null
    }
  `;
});

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
