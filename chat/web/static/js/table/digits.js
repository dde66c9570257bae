// Digits of other scripts as the ones that JavaScript reads. Pure.

const OTHER_DIGITS = /(?![0-9])\p{Nd}/gu;
const SIGNS = { "٫": ".", "٬": ",", "．": ".", "，": ",", "：": ":", "％": "%", "٪": "%", "－": "-", "＋": "+" };

/** Return a text with the digits 0 to 9, whatever script it is written in. */
export function westernDigits(text) {
  if (text.search(OTHER_DIGITS) < 0) return text;
  return text
    .replace(OTHER_DIGITS, (digit) => String(unitsOf(digit)))
    .replace(/[٫٬．，：％٪－＋]/g, (sign) => SIGNS[sign]);
}

/** Digits of a script follow each other, beginning with zero. */
function unitsOf(digit) {
  const code = digit.codePointAt(0);
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return value;
}
