// Actions of the buttons in an answer's text: copy, wrap, sort, save. One listener per text.

import { copyFrom } from "../browser/copy-button.js";
import { taskListener } from "../browser/tasks.js";
import { TABLE_TASKS } from "../table/frame.js";
import { followNote } from "./notes.js";

export const onClick = taskListener({
  ...TABLE_TASKS,
  "copy-code": (button) => copyFrom(button, button.closest(".code-block").querySelector("code").textContent),
  note: (link, event) => {
    event.preventDefault();
    followNote(link);
  },
  wrap: (button) => {
    const wrapped = button.closest(".code-block").classList.toggle("wrapped");
    button.setAttribute("aria-pressed", String(wrapped));
  },
});
