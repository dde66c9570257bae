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
  const button = element("button", "plain-button", word);
  button.type = "button";
  button.dataset.task = task;
  button.setAttribute("aria-label", label);
  return button;
}

export function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}
