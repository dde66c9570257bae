// The parser's own types are not shipped with its single file: what the page's rules do with it is not checked.

declare const MarkdownIt: any;
export default MarkdownIt;
