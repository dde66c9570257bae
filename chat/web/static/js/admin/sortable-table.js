// A table that is sorted by a click on a column's header. On a phone each row is a card, and a list chooses the column.

import { html, useState } from "../view.js";
import { texts } from "./catalogue.js";
import { nextOrder, sorted } from "./sorting.js";

/**
 * A column is `{key, label, value(row), cell(row), text?, wide?}`; the first names the row. `initial` is the order.
 */
export function SortableTable({ label, columns, rows, keyOf, initial, rowClass = (_row) => "" }) {
  const [order, setOrder] = useState(initial);
  const direction = order.up ? "ascending" : "descending";
  return html`<div class="sortable">
    <div class="sort-choice">
      <label>
        ${texts.sortBy}
        <select
          value=${order.key}
          onChange=${(event) =>
            setOrder(
              nextOrder(
                { key: "" },
                columns.find((each) => each.key === event.target.value),
              ),
            )}
        >
          ${columns.map((each) => html`<option key=${each.key} value=${each.key}>${each.label}</option>`)}
        </select>
      </label>
      <button type="button" onClick=${() => setOrder({ ...order, up: !order.up })}>
        ${order.up ? texts.ascending : texts.descending}
      </button>
    </div>
    <div class="table-scroller" tabindex="0" role="region" aria-label=${label}>
      <table>
        <caption class="visually-hidden">${label}</caption>
        <thead>
          <tr>
            ${columns.map(
              (each) => html`<th key=${each.key} scope="col" aria-sort=${each.key === order.key ? direction : "none"}>
                <button type="button" class="sort" onClick=${() => setOrder(nextOrder(order, each))}>
                  ${each.label}<span class="sort-mark" aria-hidden="true">${mark(each, order)}</span>
                </button>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${sorted(rows, columns, order).map(
            (row) => html`<tr key=${keyOf(row)} class=${rowClass(row)}>
              ${columns.map((each, index) => cell(each, row, index === 0))}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}

function mark(column, order) {
  if (column.key !== order.key) return "";
  return order.up ? "▲" : "▼";
}

function cell(column, row, isFirst) {
  if (isFirst) return html`<th key=${column.key} scope="row">${column.cell(row)}</th>`;
  return html`<td key=${column.key} data-label=${column.label} class=${column.wide ? "wide" : ""}>
    ${column.cell(row)}
  </td>`;
}
