// Tables as text for the clipboard. Rows are lists of strings. Pure functions.

/** Return tab-separated values, for spreadsheets and readers. */
export function toTsv(rows) {
  return rows.map((row) => row.map((cell) => inert(cell).replace(/\s+/g, " ")).join("\t")).join("\n");
}

function inert(cell) {
  return /^[=@\t\r]|^[+-](?![\d.,\s]*[\d%][\d.,%\s]*$)/.test(cell) ? `'${cell}` : cell;
}
