// A drawn tool result: note, charts, tables, sources.

import { LINK_REL } from "../../browser/links.js";
import { Chart } from "../../chart/chart.js";
import { strings } from "../../strings/index.js";
import { Table } from "../../table/table.js";
import { html, memo, useMemo, useState } from "../../view.js";
import { datesOf, parsedResult, sourceSentence } from "./parsed-result.js";

const FIRST_CHARTS = 4;

export const Result = memo(({ data }) => {
  const result = useMemo(() => parsedResult(data), [data]);
  const sentences = useMemo(() => (result?.sources ?? []).map(sourceSentence), [result]);
  if (!result) return null;
  return html`
    <figure class="result">
      ${result.title && html`<figcaption><h3 dir="auto">${result.title}</h3></figcaption>`}
      ${result.note && html`<p class="note" dir="auto">${result.note}</p>`}
      ${result.tables.map((table) => html`<${Table} table=${table} />`)}
      <${Charts} charts=${result.charts} sources=${sentences} />
      <${Sources} sources=${result.sources} />
    </figure>
  `;
});

function Charts({ charts, sources }) {
  const [all, setAll] = useState(false);
  if (charts.length === 0) return null;
  const many = charts.length > FIRST_CHARTS + 1;
  const shown = many && !all ? charts.slice(0, FIRST_CHARTS) : charts;
  return html`
    <div class=${shown.length > 1 ? "charts multiple" : "charts"}>
      ${shown.map((chart) => html`<${Chart} chart=${chart} heading="h4" sources=${sources} />`)}
    </div>
    ${
      many &&
      html`<button type="button" class="quiet" aria-expanded=${String(all)} onClick=${() => setAll(!all)}>
      ${all ? strings.result.fewer : strings.result.allCharts(charts.length)}
    </button>`
    }
  `;
}

function Sources({ sources }) {
  if (sources.length === 0) return null;
  return html`
    <p class="sources">
      ${strings.result.sources(sources.length)}:${" "}
      ${sources.map((source, index) => html`${index > 0 && "; "}<${Source} source=${source} />`)}
    </p>
  `;
}

function Source({ source }) {
  const { name, href } = source;
  const host = href && new URL(href).host;
  return html`${href ? html`<a href=${href} target="_blank" rel=${LINK_REL}><bdi>${name}</bdi><span class="link-host" dir="ltr">${` ${host}`}</span></a>` : html`<bdi>${name}</bdi>`}${datesOf(source)}`;
}
