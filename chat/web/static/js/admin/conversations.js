// The table of the conversations that run or are in memory.

import { html, useState } from "../view.js";
import { texts } from "./catalogue.js";
import { bytes, duration } from "./figures.js";
import { SortableTable } from "./sortable-table.js";

const SHOWN = 50;

const count = (key) => ({
  key,
  label: texts.columns[key],
  value: (row) => row[key],
  cell: (row) => row[key].toLocaleString(texts.locale),
});

const COLUMNS = [
  { key: "id", label: texts.columns.id, value: (row) => row.id, cell: (row) => row.id },
  { key: "pid", label: texts.columns.worker, value: (row) => row.pid, cell: (row) => row.pid },
  count("messages"),
  { ...count("tokens"), cell: (row) => texts.about(row.tokens.toLocaleString(texts.locale)) },
  { ...count("bytes"), cell: (row) => bytes(row.bytes, texts.locale) },
  { ...count("idle_s"), cell: (row) => duration(row.idle_s, texts.locale, texts.units) },
  { ...count("running"), cell: (row) => (row.running ? texts.yes : texts.no) },
  count("subscribers"),
];

export function Conversations({ report }) {
  const [everything, setEverything] = useState(false);
  const rows = report.workers.flatMap((worker) =>
    worker.conversations.map((each) => ({ ...each, pid: worker.pid, host: worker.host })),
  );
  rows.sort((a, b) => b.bytes - a.bytes);
  if (rows.length === 0) return html`<p class="muted">${texts.noConversations}</p>`;
  return html`<${SortableTable}
      label=${texts.conversations}
      columns=${COLUMNS}
      rows=${everything ? rows : rows.slice(0, SHOWN)}
      keyOf=${(row) => `${row.host}:${row.pid} ${row.id}`}
      initial=${{ key: "bytes", up: false }}
    />
    ${
      rows.length > SHOWN &&
      html`<button type="button" class="quiet" onClick=${() => setEverything(!everything)}>
        ${everything ? texts.showLargest(SHOWN) : texts.showAll(rows.length)}
      </button>`
    }`;
}
