// The page's icons on a 24 by 24 grid. They are decoration: words beside them carry the meaning.

import { html } from "../../view.js";

const PATHS = {
  alert: "M12 8v5M12 16.2v.1M12 3.5 2.8 19.5h18.4Z",
  archive: "M4 5h16v4H4ZM5.5 9v10h13V9M10 12.5h4",
  chats: "M4 5.5h16v11H10l-4 3.5v-3.5H4Z",
  check: "m5 12.5 4.5 4.5L19 7.5",
  chevron: "m9 6 6 6-6 6",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4.5l3 1.8",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M8.5 8.5V5a1 1 0 0 1 1-1H19a1 1 0 0 1 1 1v9.5a1 1 0 0 1-1 1h-3.5M5 8.5h9.5a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V9.5a1 1 0 0 1 1-1Z",
  dash: "M6 12h12",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  keyboard: "M3.5 7h17v10h-17ZM7 10.5h.01M10.3 10.5h.01M13.7 10.5h.01M17 10.5h.01M8.5 13.7h7",
  link: "M10 14a4 4 0 0 0 6 .4l2.8-2.8a4 4 0 0 0-5.7-5.7L11.7 7.3M14 10a4 4 0 0 0-6-.4l-2.8 2.8a4 4 0 0 0 5.7 5.7l1.4-1.4",
  longer: "M5 6.5h14M5 10.5h14M5 14.5h14M5 18.5h9",
  menu: "M4 7h16M4 12h16M4 17h10",
  onward: "M5 6.5 11 12l-6 5.5M12.5 6.5l6 5.5-6 5.5",
  panel: "M5 5h14a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 5 5ZM9.5 5v14",
  pencil: "M4 20l1-4L16 5l3 3L8 19Z",
  person: "M12 4.5a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6M4.8 20c.6-3.6 3.4-5.3 7.2-5.3s6.6 1.7 7.2 5.3",
  pin: "M9 4h6l-.8 6 3.3 3.5h-11L9.8 10ZM12 13.5V20",
  plus: "M12 5v14M5 12h14",
  printer: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7Z",
  retry: "M19 12a7 7 0 1 1-2.05-4.95M19 4v4h-4",
  search: "M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M16 16l4 4",
  send: "M12 19V6M6 11.5 12 5.5l6 6",
  settings:
    "M4 8h9M19 8h1M4 16h1M11 16h9M16 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M8 13.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  share: "M12 15V4M8 7.5 12 3.5l4 4M6 11.5H5V20h14v-8.5h-1",
  shorter: "M5 9.5h14M5 14.5h8",
  stop: "M7.5 7.5h9v9h-9Z",
  "thumb-down":
    "M17 14V4.5M17 4.5H9.2a2 2 0 0 0-2 1.6L6 11.6A2 2 0 0 0 8 14h4l-.7 4.3a1.7 1.7 0 0 0 3.1 1.1L17 14h3V4.5Z",
  "thumb-up":
    "M7 10v9.5M7 19.5h7.8a2 2 0 0 0 2-1.6l1.2-5.5A2 2 0 0 0 16 10h-4l.7-4.3a1.7 1.7 0 0 0-3.1-1.1L7 10H4v9.5Z",
  temporary:
    "M12 4a8 8 0 0 1 3 .58M17.9 6.6a8 8 0 0 1 1.7 2.9M20 13a8 8 0 0 1-1.6 3.8M16 18.9a8 8 0 0 1-3.2 1M9.6 19.6a8 8 0 0 1-3-1.7M4.6 15a8 8 0 0 1-.5-3.4M5 8a8 8 0 0 1 2.2-2.5M12 8.5v4l2.5 1.5",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7",
  wand: "M5 19 14.5 9.5M17.5 3.5v4M15.5 5.5h4M7.5 4.5v3M6 6h3M18.5 13v3M17 14.5h3",
  unarchive: "M4 5h16v4H4ZM5.5 9v10h13V9M12 16.5v-5M9.5 14l2.5-2.5 2.5 2.5",
  unplugged: "M4 4l16 16M8.5 15.5a5 5 0 0 1 6.5-.5M5.5 12a9.5 9.5 0 0 1 4-2.4M18.5 12a9.5 9.5 0 0 0-5-2.6M12 19h.01",
};

export function Icon({ name }) {
  return html`<svg class="icon icon-${name}" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

export function Spinner() {
  return html`<span class="spinner" aria-hidden="true"></span>`;
}
