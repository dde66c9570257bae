// Keeps in sight what a reader looks at while the page grows. A question that was just asked stands at the top of the
// window, and its answer fills the room below it without anything moving; what comes beyond waits to be scrolled to.
// A reader who goes to the end follows it, for as long as they are there and keep still.

/** A fraction of a pixel is lost in zoomed pages. */
const AT_END = 3;
const ABOVE_QUESTION_PX = 12;
const UPWARD_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);

export class ScrollFollower {
  #scroller;
  #content;
  #observer;
  #last = 0;
  #onChange;
  #away = false;
  #following = true;
  /** @type {Element | null} */
  #pinned = null;
  #stop = new AbortController();

  /** `onChange(away)` is told whether there is something to read below the window that the page does not go to. */
  constructor(scroller, content, onChange) {
    this.#scroller = scroller;
    this.#content = content;
    this.#onChange = onChange;
    this.#observer = new ResizeObserver(() => this.#grown());
    this.#observer.observe(content);
    this.#observer.observe(scroller);
    const listen = (name, run) => scroller.addEventListener(name, run, { passive: true, signal: this.#stop.signal });
    listen("scroll", () => this.#scrolled());
    // The wish to go up counts, before anything has moved: an answer that grows meanwhile must not pull it back.
    listen("wheel", (event) => event.deltaY < 0 && this.#scrollable() && this.letGo());
    listen("keydown", (event) => UPWARD_KEYS.has(event.key) && this.#scrollable() && this.letGo());
  }

  toEnd() {
    this.#pinned = null;
    this.#following = true;
    this.#scrollTo(this.#scroller.scrollHeight);
    this.#tell();
  }

  /** Puts an element, a question, at the top of the window, and keeps it there until the reader moves. */
  pin(element) {
    this.#following = false;
    this.#pinned = element;
    this.#hold();
  }

  letGo() {
    this.#pinned = null;
    this.#following = false;
    this.#tell();
  }

  close() {
    this.#observer.disconnect();
    this.#stop.abort();
  }

  /** However little it is, moving lets go of a question; going up lets go of the end, arriving there takes hold again. */
  #scrolled() {
    const { scrollTop } = this.#scroller;
    const moved = Math.abs(scrollTop - this.#last) > 1;
    const up = scrollTop < this.#last;
    this.#last = scrollTop;
    if (moved && this.#pinned) this.#pinned = null;
    if (!this.#pinned) {
      if (!this.#roomBelow() && this.#distance() <= AT_END) this.#following = true;
      else if (up) this.#following = false;
    }
    this.#tell();
  }

  #grown() {
    // Words that are being selected stay under the pointer.
    if (!this.#selecting()) {
      if (this.#pinned?.isConnected) this.#hold();
      else if (this.#following) this.#scrollTo(this.#scroller.scrollHeight);
    }
    this.#tell();
  }

  /** The content is made as high as it takes for the question to stand at the top, however short its answer is. */
  #hold() {
    const top = this.#topOf(this.#pinned) - ABOVE_QUESTION_PX;
    this.#content.style.minHeight = `${Math.max(0, top) + this.#scroller.clientHeight}px`;
    this.#scrollTo(Math.max(0, top));
    this.#tell();
  }

  #scrollTo(top) {
    this.#scroller.scrollTop = top;
    this.#last = this.#scroller.scrollTop;
  }

  #topOf(element) {
    return element.getBoundingClientRect().top - this.#content.getBoundingClientRect().top;
  }

  #selecting() {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && this.#scroller.contains(selection.anchorNode);
  }

  #scrollable() {
    return this.#scroller.scrollHeight > this.#scroller.clientHeight;
  }

  #distance() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - clientHeight - scrollTop;
  }

  /** How much of the content's height is empty, below its last element. */
  #roomBelow() {
    const last = this.#content.lastElementChild;
    if (!last || !this.#content.style.minHeight) return false;
    const padding = Number.parseFloat(getComputedStyle(this.#content).paddingBottom);
    const end = this.#content.getBoundingClientRect().bottom - padding;
    return end - last.getBoundingClientRect().bottom > AT_END;
  }

  #tell() {
    const last = this.#content.lastElementChild;
    const below = last && last.getBoundingClientRect().bottom - this.#scroller.getBoundingClientRect().bottom > AT_END;
    const away = !this.#following && Boolean(below);
    if (away === this.#away) return;
    this.#away = away;
    this.#onChange(away);
  }
}
