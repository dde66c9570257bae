// A container for Markdown. The view library makes the frame; only GrowingText fills it.

import { GrowingText } from "../../markdown/growing-text.js";
import { cancelTask, runWhenIdle } from "../../markdown/idle-tasks.js";
import { measureRender } from "../../markdown/render-time.js";
import { html, memo, useLayoutEffect, useRef } from "../../view.js";

/** `growing`: the end of the text is still being written. `far`: not visible yet, so it may wait. */
export const MarkdownText = memo(({ text, growing = false, far = false }) => {
  const frame = useRef(null);
  const place = useRef(null);
  useLayoutEffect(() => {
    const show = () => {
      place.current ??= new GrowingText(frame.current);
      if (growing) measureRender(() => place.current.show(text, true));
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

/** Show the text when the page is idle, or when its message comes near. */
function waitFor(article, show) {
  const now = runWhenIdle(show);
  const near = (event) => event.skipped || now();
  article?.addEventListener("contentvisibilityautostatechange", near);
  return () => {
    cancelTask(show);
    article?.removeEventListener("contentvisibilityautostatechange", near);
  };
}
