// Buttons made as DOM elements. `data-task` names what a button does; one listener serves a whole container.

/** Return a click listener. `tasks` has functions of the button and the event, by name. */
export function taskListener(tasks) {
  return (event) => {
    const button = event.target.closest?.("[data-task]");
    if (button && event.currentTarget.contains(button)) tasks[button.dataset.task]?.(button, event);
  };
}

/** Return a small text button; `label` is its accessible name. */
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
