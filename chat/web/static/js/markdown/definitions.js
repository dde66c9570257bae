// What a text defines for the rest of it: the addresses of links (`[name]: address`) and footnotes. Pure.

export class Definitions {
  #links = new Map();
  #notes = new Map();
  // How often each note was referred to, and its number, in the order of the first references; and this as it was at
  // the end of the blocks that are settled.
  #uses = new Map();
  #settledUses = new Map();

  /** Takes those of `blocks`, all that have any. The first definition of a name is the one that counts. */
  update(blocks) {
    this.#links = new Map();
    this.#notes = new Map();
    for (const block of blocks) {
      for (const [label, link] of block.links) if (!this.#links.has(label)) this.#links.set(label, link);
      for (const [label, note] of block.notes) if (!this.#notes.has(label)) this.#notes.set(label, note);
    }
  }

  /** Differs when blocks that look something up may look different. */
  signature(growing) {
    const links = [...this.#links].map(([label, { href }]) => [label, href]);
    return JSON.stringify([growing, links, [...this.#notes.keys()]]);
  }

  /** Counts references from the beginning of the text. */
  countAgain() {
    this.#uses = new Map();
  }

  /** Remembers the count so far, from which `countOn` goes on. */
  markSettled() {
    this.#settledUses = new Map(this.#uses);
  }

  countOn() {
    this.#uses = new Map(this.#settledUses);
  }

  /** What the parser looks names up in. Every name it asks for is added to `lookups`. */
  lookedUp(lookups, growing) {
    const references = new Proxy(Object.create(null), {
      get: (_, label) => {
        lookups.add(label);
        return this.#links.get(label);
      },
    });
    const has = (label, isUsual) => {
      lookups.add(`^${label}`);
      return this.#notes.has(label) || (growing && isUsual);
    };
    return { references, notes: { has, use: (label) => this.#use(label) } };
  }

  #use(label) {
    const { number, uses } = this.#uses.get(label) ?? { number: this.#uses.size + 1, uses: 0 };
    this.#uses.set(label, { number, uses: uses + 1 });
    return { number, use: uses + 1 };
  }

  /**
   * Has `render(label, tokens)` make the HTML of each note: those that were referred to, by their numbers, then the
   * others. Returns `{number, uses, html}` of each.
   */
  renderNotes(render) {
    const done = new Map();
    // A note may refer to another one, so that there are more of them afterwards.
    for (let label = this.#nextNote(done); label !== undefined; label = this.#nextNote(done)) {
      done.set(label, render(label, this.#notes.get(label)));
    }
    const notes = [...done].map(([label, html]) => ({ ...this.#uses.get(label), html }));
    return notes.sort((one, other) => one.number - other.number);
  }

  #nextNote(done) {
    for (const label of this.#uses.keys()) if (this.#notes.has(label) && !done.has(label)) return label;
    for (const label of this.#notes.keys()) {
      if (done.has(label)) continue;
      this.#uses.set(label, { number: this.#uses.size + 1, uses: 0 });
      return label;
    }
    return undefined;
  }
}
