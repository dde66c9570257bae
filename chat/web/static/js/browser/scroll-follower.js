// Keeps the end of a growing page in sight, for as long as the reader is there and keeps still.

/** A fraction of a pixel is lost in zoomed pages. */
const AT_END = 3;
const UPWARD_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);

export class ScrollFollower {
  #scroller;
  #observer;
  #last = 0;
  #onChange;
  #stop = new AbortController();
  following = true;

  /** `onChange(following)` is told when the reader lets go of the end, or returns to it. */
  constructor(scroller, content, onChange) {
    this.#scroller = scroller;
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
    this.#set(true);
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#last = this.#scroller.scrollTop;
  }

  letGo() {
    this.#set(false);
  }

  close() {
    this.#observer.disconnect();
    this.#stop.abort();
  }

  /** However little it is, going up lets go; only arriving at the end takes hold again. */
  #scrolled() {
    const { scrollTop } = this.#scroller;
    const up = scrollTop < this.#last;
    this.#last = scrollTop;
    if (this.#distance() <= AT_END) this.#set(true);
    else if (up) this.#set(false);
  }

  #grown() {
    // Words that are being selected stay under the pointer.
    if (!this.following || this.#selecting()) return;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#last = this.#scroller.scrollTop;
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

  #set(following) {
    if (this.following === following) return;
    this.following = following;
    this.#onChange(following);
  }
}
