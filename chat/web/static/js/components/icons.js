// The few signs the page uses, drawn on a 24 by 24 grid. They are decoration: what they mean is said in words.

import { html } from "../view.js";

const PATHS = {
  alert: "M12 8v5M12 16.2v.1M12 3.5 2.8 19.5h18.4Z",
  check: "m5 12.5 4.5 4.5L19 7.5",
  chevron: "m9 6 6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  dash: "M6 12h12",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  down: "M12 5v14M6 13l6 6 6-6",
  menu: "M4 7h16M4 12h16M4 17h10",
  pencil: "M4 20l1-4L16 5l3 3L8 19Z",
  plus: "M12 5v14M5 12h14",
  retry: "M19 12a7 7 0 1 1-2.05-4.95M19 4v4h-4",
  send: "M12 19V6M6 11.5 12 5.5l6 6",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7",
};

export function Icon({ name }) {
  return html`<svg class="icon icon-${name}" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

export function Spinner() {
  return html`<span class="spinner" aria-hidden="true"></span>`;
}
