// As much of Preact as the page uses. Elements come from templates, and so have no types of their own.

export type Child = unknown;

export class Component<Properties = Record<string, unknown>> {
  props: Properties;
  shouldComponentUpdate?(next: Properties): boolean;
  render(properties: Properties): Child;
}

export function h(kind: unknown, properties?: object | null, ...children: unknown[]): Child;
export function render(tree: Child, place: Element): void;
