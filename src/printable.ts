/** Text that is not ours, such as what a file holds, as a terminal may show it: what would move its cursor or turn its text around is written out, and what is longer than a screen is cut. */

// Of Unicode's control characters, bidirectional controls and line separators; the escapes are JSON's, too.
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const UNPRINTABLE_IN_LINES = /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** On one line, whatever it holds. */
export function escaped(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf);
}

/** The same of several lines, whose ends stay. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, escapeOf);
}

function escapeOf(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const MOST_OF_A_VALUE = 500;
const NOTE = 40; // characters that say how many more there are: what was cut is not cut again

/** The beginning of a long text, and how long its rest is. */
export function clipped(text: string, most = MOST_OF_A_VALUE): string {
  if (text.length <= most + NOTE) return text;
  return `${text.slice(0, most)}… and ${text.length - most} more characters`;
}

const MOST_OF_A_LIST = 20;

/** The first names of a list, and how many more there are. */
export function listed(names: readonly (string | number)[]): string {
  const shown = names.slice(0, MOST_OF_A_LIST).join(", ");
  return names.length > MOST_OF_A_LIST ? `${shown}, … and ${names.length - MOST_OF_A_LIST} more` : shown;
}

const MOST_LINES = 20;
const [BEGINNING, END] = [1000, 400]; // the end of a sentence says what to do

/** A message as a screen has room for it. */
export function screenful(text: string): string {
  const lines = text.split("\n");
  const shown = lines.slice(0, MOST_LINES).map((line) => middleCut(printable(line)));
  if (lines.length > MOST_LINES) shown.push(`… and ${lines.length - MOST_LINES} more`);
  return shown.join("\n");
}

function middleCut(line: string): string {
  const more = line.length - BEGINNING - END;
  return more <= 0 ? line : `${line.slice(0, BEGINNING)} … and ${more} more characters … ${line.slice(-END)}`;
}
