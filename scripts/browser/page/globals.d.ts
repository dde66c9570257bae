// What the vendored libraries and newer browsers have beside what the compiler knows.

declare var DOMPurify: any;
declare var katex: any;

interface Navigator {
  userAgentData?: { platform: string };
}
