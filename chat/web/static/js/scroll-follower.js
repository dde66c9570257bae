// Keeps the end of a growing page in sight, for as long as the reader is there.

const NEAR = 40;

export class ScrollFollower {
  #scroller;
  #observer;
  #last = 0;
  #onChange;
  following = true;

  /** `onChange(following)` is told when the reader lets go of the end, or returns to it. */
  constructor(scroller, content, onChange) {
    this.#scroller = scroller;
    this.#onChange = onChange;
    this.#observer = new ResizeObserver(() => this.#grown());
    this.#observer.observe(content);
    this.#observer.observe(scroller);
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
  }

  toEnd() {
    this.#set(true);
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  close() {
    this.#observer.disconnect();
    this.#scroller.removeEventListener("scroll", this.#scrolled);
  }

  // Only going up lets go. Being far from the end does not: a chart that appears puts the end far away by itself.
  #scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const distance = scrollHeight - clientHeight - scrollTop;
    if (distance <= NEAR) this.#set(true);
    else if (scrollTop < this.#last) this.#set(false);
    this.#last = scrollTop;
  };

  #grown() {
    if (this.following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #set(following) {
    if (this.following === following) return;
    this.following = following;
    this.#onChange(following);
  }
}
