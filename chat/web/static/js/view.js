// The view library: Preact, with templates instead of a compiler.

import htm from "../vendor/htm/htm.js";
import { useEffect, useState } from "../vendor/preact/hooks.js";
import { Component, h, render } from "../vendor/preact/preact.js";

export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact/hooks.js";
export { render };

export const html = htm.bind(h);

const TRY_AGAIN_MS = 2000;

/**
 * Return a component that `load` fetches when it is first drawn, or earlier by its `fetch`. Until then `placeholder`
 * is drawn. A failed load is repeated.
 */
export function lazy(load, /** @type {unknown} */ placeholder = null) {
  /** @type {Promise<void> | null} */
  let loading = null;
  /** @type {any} */
  let Loaded = null;

  async function fetch() {
    loading ??= load().then(
      (component) => {
        Loaded = component;
      },
      (error) => {
        loading = null;
        throw error;
      },
    );
    await loading;
  }

  function Lazy(properties) {
    const [, setLoaded] = useState(Loaded !== null);
    useEffect(() => {
      // It may have been loaded between drawing and this effect.
      if (Loaded) {
        setLoaded(true);
        return undefined;
      }
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer;
      let unmounted = false;
      const ask = () =>
        fetch().then(
          () => unmounted || setLoaded(true),
          () => {
            if (!unmounted) timer = setTimeout(ask, TRY_AGAIN_MS);
          },
        );
      ask();
      return () => {
        unmounted = true;
        clearTimeout(timer);
      };
    }, []);
    return Loaded ? h(Loaded, properties) : placeholder;
  }
  Lazy.fetch = fetch;
  return Lazy;
}

/** Return a component that is drawn again only if one of its properties has changed. */
export function memo(Inner) {
  return class Memo extends Component {
    shouldComponentUpdate(next) {
      const names = Object.keys(next);
      return names.length !== Object.keys(this.props).length || names.some((name) => next[name] !== this.props[name]);
    }

    render(properties) {
      return h(Inner, properties);
    }
  };
}
