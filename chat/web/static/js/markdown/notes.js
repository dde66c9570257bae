// Footnote links in the page: from each number to its note, and back.

import { strings } from "../strings/index.js";

/** `name` distinguishes the notes of this text from those of others. */
export function linkNotes(fragment, name) {
  for (const place of fragment.querySelectorAll("sup.note-ref")) {
    const [number, use] = numbersOf(place);
    const link = linkTo(`${name}-note-${number}`, number, strings.markdown.note(number));
    link.id = `${name}-ref-${number}-${use}`;
    place.className = "note-ref";
    // "1,2" is two notes, "12" would be another one.
    const follows = place.previousSibling instanceof Element && place.previousSibling.matches("sup.note-ref");
    place.replaceChildren(...(follows ? [","] : []), link);
  }
  const section = fragment.querySelector("section.notes");
  if (!section) return;
  section.setAttribute("aria-label", strings.markdown.notes);
  for (const note of section.querySelectorAll("li[class^=note-]")) linkBack(note, name);
}

/** `note-3-1` is the first reference to note 3, or note 3 with one reference. */
function numbersOf(element) {
  return (/note-(\d+)-(\d+)/.exec(element.className) ?? []).slice(1);
}

function linkBack(note, name) {
  const [number, uses] = numbersOf(note);
  note.id = `${name}-note-${number}`;
  note.tabIndex = -1;
  note.removeAttribute("class");
  const last = note.lastElementChild?.matches("p") ? note.lastElementChild : note;
  for (let use = 1; use <= Number(uses); use += 1) {
    const link = linkTo(`${name}-ref-${number}-${use}`, "↩", strings.markdown.noteBack(number));
    link.className = "note-back";
    last.append(" ", link);
  }
}

function linkTo(id, words, label) {
  const link = document.createElement("a");
  link.href = `#${id}`;
  link.textContent = words;
  link.dataset.task = "note";
  link.setAttribute("aria-label", label);
  return link;
}

/** Scroll to the target of a number or an arrow. The page's address stays that of the chat. */
export function followNote(link) {
  const target = document.getElementById(link.hash.slice(1));
  target?.scrollIntoView({ block: "nearest" });
  target?.focus({ preventScroll: true });
}
