// A template tag that calls `h` for each element.

type Make = (kind: unknown, properties?: object | null, ...children: unknown[]) => unknown;

declare const htm: { bind(make: Make): (texts: TemplateStringsArray, ...values: any[]) => unknown };
export default htm;
