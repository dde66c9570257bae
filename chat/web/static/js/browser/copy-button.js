// A button that copies says itself that it is done; its name changes with it, for those who hear it.

import { strings } from "../strings/index.js";
import { copyText } from "./clipboard.js";

const SAID_MS = 1600;

export async function copyFrom(button, text) {
  const say = strings.markdown;
  const [word, label] = [button.textContent, button.getAttribute("aria-label")];
  if (button.dataset.said) return;
  button.dataset.said = "1";
  const done = (await copyText(text)) ? say.copied : say.notCopied;
  button.textContent = done;
  button.setAttribute("aria-label", done);
  setTimeout(() => {
    delete button.dataset.said;
    button.textContent = word;
    button.setAttribute("aria-label", label);
  }, SAID_MS);
}
