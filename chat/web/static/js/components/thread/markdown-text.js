// A place in the page for Markdown. The view library makes the frame; GrowingText alone fills it.

import { measured } from "../../markdown/effort.js";
import { GrowingText } from "../../markdown/growing-text.js";
import { later, never } from "../../markdown/later.js";
import { html, pure, useLayoutEffect, useRef } from "../../view.js";

/** `growing`: whether the end of the text is still being written. `far`: not in sight yet, so that it may wait. */
export const MarkdownText = pure(({ text, growing = false, far = false }) => {
  const frame = useRef(null);
  const place = useRef(null);
  useLayoutEffect(() => {
    const show = () => {
      place.current ??= new GrowingText(frame.current);
      if (growing) measured(() => place.current.show(text, true));
      else place.current.show(text);
    };
    if (place.current || !far) {
      show();
      return undefined;
    }
    return waitFor(frame.current.closest("article"), show);
  }, [text, growing]);
  return html`<div class=${growing ? "markdown growing" : "markdown"} ref=${frame}></div>`;
});

/** Shows it when there is time, or when its message comes near. */
function waitFor(article, show) {
  const now = later(show);
  const near = (event) => event.skipped || now();
  article?.addEventListener("contentvisibilityautostatechange", near);
  return () => {
    never(show);
    article?.removeEventListener("contentvisibilityautostatechange", near);
  };
}
