// Labels and units of tool results in German, by the tools' English text.

const MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(" ");
const monthOf = (text) => {
  const match = /^(\d{4})-(\d{2})/.exec(text);
  return match ? `${MONTHS[Number(match[2]) - 1]} ${match[1]}` : text;
};

export const figures = {
  percent: (number) => `${number}\u00a0%`,
  percentSign: "\u00a0%",
  scales: { trillion: "Bio.", billion: "Mrd.", million: "Mio." },
  units: {
    US$: "US$",
    people: "Menschen",
    companies: "Unternehmen",
    "of GDP": "des BIP",
    "of labour force": "der Erwerbspersonen",
  },
  perUnit: (base, quote) => `${quote} je ${base}`,
  unit: "Einheit",
  source: "Quelle",
  words: {
    "Main indicators": "Kennzahlen",
    "Latest figures": "Neueste Zahlen",
    Indicator: "Kennzahl",
    Economy: "Volkswirtschaft",
    Value: "Wert",
    Year: "Jahr",
    Rate: "Kurs",
    Date: "Datum",
    Latest: "Zuletzt",
    "Start of the period": "Beginn des Zeitraums",
    Change: "Veränderung",
    Highest: "Höchster",
    Lowest: "Niedrigster",
    "Annual average": "Jahresmittel",
    "no figure": "keine Angabe",
    "GDP (current US$)": "BIP (in laufenden US$)",
    GDP: "BIP",
    "GDP growth (annual, real)": "BIP-Wachstum (jährlich, real)",
    growth: "Wachstum",
    "GDP per capita (current US$)": "BIP pro Kopf (in laufenden US$)",
    "GDP per capita": "BIP pro Kopf",
    "Inflation (consumer prices, annual)": "Inflation (Verbraucherpreise, jährlich)",
    "Unemployment (ILO estimate)": "Arbeitslosigkeit (ILO-Schätzung)",
    Population: "Bevölkerung",
    "Exports of goods and services": "Ausfuhr von Waren und Dienstleistungen",
    "Imports of goods and services": "Einfuhr von Waren und Dienstleistungen",
    "Market capitalisation of listed companies": "Börsenwert der notierten Unternehmen",
    "Market capitalisation to GDP": "Börsenwert im Verhältnis zum BIP",
    "Listed domestic companies": "Börsennotierte inländische Unternehmen",
    "World Bank": "Weltbank",
    "European Central Bank reference rates, via Frankfurter":
      "Referenzkurse der Europäischen Zentralbank, über Frankfurter",
    "World Bank, World Development Indicators (figures bundled with this program)":
      "Weltbank, World Development Indicators (mitgelieferte Zahlen)",
    "Hong Kong SAR, China": "Hongkong",
    "Macao SAR, China": "Macau",
    "Congo, Democratic Republic": "Demokratische Republik Kongo",
    "Congo, Republic": "Republik Kongo",
    "OECD members": "OECD-Mitglieder",
    "High income": "Länder mit hohem Einkommen",
    "Low income": "Länder mit niedrigem Einkommen",
    "Middle income": "Länder mit mittlerem Einkommen",
    "Euro area": "Euroraum",
    World: "Welt",
  },
  patterns: [
    [/^Looking up (.+) at the World Bank$/, ([country]) => `${country} wird bei der Weltbank nachgeschlagen`],
    [/^Comparing (.+) at the World Bank$/, ([countries]) => `Vergleich bei der Weltbank: ${countries}`],
    [/^Looking up (.+) in (.+) at the ECB$/, ([base, quote]) => `${base} in ${quote} wird bei der EZB nachgeschlagen`],
    [/^([A-Z]{3}\/[A-Z]{3}) reference rate$/, ([pair]) => `Referenzkurs ${pair}`],
    [/^([A-Z]{3}\/[A-Z]{3}) annual averages$/, ([pair]) => `Jahresmittel ${pair}`],
    [/^1 ([A-Z]{3}) in ([A-Z]{3}), annual average$/, ([base, quote]) => `1 ${base} in ${quote}, Jahresmittel`],
    [/^(.+) to (.+), annual averages$/, ([base, quote]) => `${base} in ${quote}, Jahresmittel`],
    [/^([A-Z].*[a-z]) to (.+)$/, ([base, quote]) => `${base} in ${quote}`],
    [/^World Bank, (.+)$/, ([part]) => `Weltbank, ${part}`],
  ],
  notes: [
    [
      /so these are figures bundled with this program, of (\S+?)[.;]/,
      ([date]) => `Die Quelle war nicht erreichbar: Das sind mitgelieferte Zahlen, Stand ${monthOf(date)}.`,
    ],
    [
      /so the current rate could not be fetched: these are annual averages bundled with this program, the newest of (\d{4}).*?of (\S+?)\)/,
      ([year, date]) =>
        `Der aktuelle Kurs war nicht zu bekommen: Das sind mitgelieferte Jahresmittel, das neueste von ${year} (Weltbank, Stand ${monthOf(date)}), nicht der heutige Kurs.`,
    ],
  ],
};
