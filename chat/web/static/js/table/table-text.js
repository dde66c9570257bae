// Tables as text, for the clipboard. Rows are lists of strings. Pure functions.

/** Tab-separated, which spreadsheets take apart and people can read. */
export function toTsv(rows) {
  return rows.map((row) => row.map((cell) => inert(cell).replace(/\s+/g, " ")).join("\t")).join("\n");
}

function inert(cell) {
  return /^[=@\t\r]|^[+-](?![\d.,\s]*[\d%][\d.,%\s]*$)/.test(cell) ? `'${cell}` : cell;
}
