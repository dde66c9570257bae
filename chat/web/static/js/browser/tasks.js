// Buttons that were made as elements: what each does is found by its `data-task`. One listener for a whole place.

/** A listener for clicks; `tasks` are functions by name, of the button and the event. */
export function taskListener(tasks) {
  return (event) => {
    const button = event.target.closest?.("[data-task]");
    if (button && event.currentTarget.contains(button)) tasks[button.dataset.task]?.(button, event);
  };
}

/** A small button with a word; `label` is its whole name. */
export function taskButton(task, word, label) {
  const made = element("button", "plain-button", word);
  made.type = "button";
  made.dataset.task = task;
  made.setAttribute("aria-label", label);
  return made;
}

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
