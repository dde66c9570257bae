// The view library as this page uses it: Preact, with templates instead of a compiler.

import htm from "../vendor/htm/htm.js";
import { Component, h, render } from "../vendor/preact/preact.js";

export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact/hooks.js";
export { render };

export const html = htm.bind(h);

/** A component that is drawn again only when one of its properties is another value. */
export function pure(Inner) {
  return class Pure extends Component {
    shouldComponentUpdate(next) {
      const names = Object.keys(next);
      return names.length !== Object.keys(this.props).length || names.some((name) => next[name] !== this.props[name]);
    }

    render(properties) {
      return h(Inner, properties);
    }
  };
}
