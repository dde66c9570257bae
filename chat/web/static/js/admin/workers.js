// The table of the workers.

import { html } from "../view.js";
import { texts } from "./catalogue.js";
import { bytes, duration, milliseconds } from "./figures.js";
import { keyOf, slopeOf } from "./history.js";
import { SortableTable } from "./sortable-table.js";
import { Sparkline } from "./sparkline.js";

const count = (key) => ({
  key,
  label: texts.columns[key],
  value: (row) => row[key],
  cell: (row) => row[key].toLocaleString(texts.locale),
});

const size = (key) => ({ ...count(key), cell: (row) => bytes(row[key], texts.locale) });

export function Workers({ report, history }) {
  const now = Date.parse(report.at);
  const several = report.totals.servers > 1;
  const samples = (worker) => history[keyOf(worker)] ?? [];
  const columns = [
    {
      key: "worker",
      label: texts.columns.worker,
      text: true,
      value: (row) => `${row.server} ${String(row.pid).padStart(9, "0")}`,
      cell: (row) => html`${row.pid}${several && html`<span class="muted small server">${row.server}</span>`}
        ${row.stale && html`<span class="badge">${texts.stale}</span>`}`,
    },
    count("active_turns"),
    count("open_streams"),
    count("conversations_in_memory"),
    {
      ...size("memory_bytes"),
      cell: (row) => texts.of(bytes(row.memory_bytes, texts.locale), bytes(row.memory_limit_bytes, texts.locale)),
    },
    {
      ...size("rss_bytes"),
      wide: true,
      cell: (row) => html`<span class="figure">${bytes(row.rss_bytes, texts.locale)}</span>
        <${Sparkline} samples=${samples(row)} name="rss" /><${Slope} samples=${samples(row)} />`,
    },
    size("pss_bytes"),
    {
      ...count("loop_lag_ms"),
      wide: true,
      cell: (row) => html`<span class="figure">${milliseconds(row.loop_lag_ms, texts.locale)}</span>
        <${Sparkline} samples=${samples(row)} name="lag" />`,
    },
    count("greenlets"),
    count("threads"),
    count("fds"),
    {
      key: "started_at",
      label: texts.columns.started_at,
      value: (row) => now - Date.parse(row.started_at),
      cell: (row) => duration((now - Date.parse(row.started_at)) / 1000, texts.locale, texts.units),
    },
  ];
  return html`<${SortableTable}
    label=${texts.workers}
    columns=${columns}
    rows=${report.workers}
    keyOf=${keyOf}
    initial=${{ key: "worker", up: true }}
    rowClass=${(row) => (row.stale ? "stale" : "")}
  />`;
}

function Slope({ samples }) {
  const slope = slopeOf(samples, "rss");
  if (slope === null) return html`<span class="slope muted small">${texts.noSlope}</span>`;
  const sign = slope > 0 ? "+" : "";
  return html`<span class="slope muted small">${texts.perMinute(sign + bytes(slope, texts.locale))}</span>`;
}
