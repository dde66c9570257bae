// As much of Preact's hooks as the page uses.

type Ending = void | undefined | (() => void);
type Inputs = readonly unknown[];

export function useCallback<Call>(call: Call, inputs: Inputs): Call;
export function useEffect(effect: () => Ending, inputs?: Inputs): void;
export function useLayoutEffect(effect: () => Ending, inputs?: Inputs): void;
export function useMemo<Value>(make: () => Value, inputs: Inputs): Value;
// What begins as null becomes something else.
export function useRef(value: null): { current: any };
export function useRef<Value>(value: Value): { current: Value };
export function useState(value: null): [any, (next: any) => void];
export function useState<Value>(
  value: Value | (() => Value),
): [Value, (next: Value | ((before: Value) => Value)) => void];
