// Scrolling while an answer grows. A new question is pinned to the top of the window, and its answer fills the space
// below without moving anything. A reader at the end of the page follows it until they scroll up.

/** Tolerance in pixels: zoomed pages have fractions. */
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

  /** `onChange(away)` reports whether there is content below the window that the page does not scroll to. */
  constructor(scroller, content, onChange) {
    this.#scroller = scroller;
    this.#content = content;
    this.#onChange = onChange;
    this.#observer = new ResizeObserver(() => this.#grown());
    this.#observer.observe(content);
    this.#observer.observe(scroller);
    const listen = (name, run) => scroller.addEventListener(name, run, { passive: true, signal: this.#stop.signal });
    listen("scroll", () => this.#scrolled());
    // An attempt to scroll up counts before anything has moved: a growing answer must not pull the reader back.
    listen("wheel", (event) => event.deltaY < 0 && this.#scrollable() && this.letGo());
    listen("keydown", (event) => UPWARD_KEYS.has(event.key) && this.#scrollable() && this.letGo());
  }

  toEnd() {
    this.#pinned = null;
    this.#following = true;
    this.#scrollTo(this.#scroller.scrollHeight);
    this.#tell();
  }

  /** Pin an element to the top of the window until the reader scrolls. */
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

  /** Any scrolling unpins a question. Scrolling up stops following the end; reaching the end starts it again. */
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
    // Do not move text that is being selected.
    if (!this.#selecting()) {
      if (this.#pinned?.isConnected) this.#hold();
      else if (this.#following) this.#scrollTo(this.#scroller.scrollHeight);
    }
    this.#tell();
  }

  /** Make the content high enough for the pinned element to be at the top, however short the answer is. */
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

  /** Return whether there is empty space below the last element. */
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
