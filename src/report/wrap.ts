/** Sentences in lines that fit a terminal; no word is broken. */

/** The width where nobody says one. */
export const USUAL_COLUMNS = 80;

/** A space at which no line ends. */
export const TOGETHER = "\u00a0";

/** Lines of at most `columns` letters, but for a word that is longer. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
    if (lines.length > 0 && longer.length > columns) lines.push(word);
    else lines[Math.max(0, lines.length - 1)] = longer;
  }
  return lines.map((line) => line.replaceAll(TOGETHER, " "));
}

/** A title with its text beside it: in `columns` of a terminal all its lines begin where the first does; null: one line, as in a pipe. */
export function beside(title: string, text: string, columns: number | null): string {
  const lines = columns === null ? [text] : wrapped(text, columns - title.length);
  return `${title}${lines.join(`\n${" ".repeat(title.length)}`)}\n`;
}

const MOST_LEFT = 28;
const LEAST_RIGHT = 32; // as long as what help keeps together
const GAP = 2;

/** Names with what they mean beside them, or beneath them where that is too narrow. */
export function definitions(entries: readonly (readonly [name: string, meaning: string])[], columns: number): string {
  const longest = entries.reduce((most, [{ length }]) => (length <= MOST_LEFT ? Math.max(most, length) : most), 0);
  const left = columns - longest - 2 * GAP >= LEAST_RIGHT ? longest : GAP;
  const margin = " ".repeat(GAP);
  return entries
    .map(([name, meaning]) => {
      const lines = wrapped(meaning, columns - left - 2 * GAP);
      const beside = name.length <= left ? `${name.padEnd(left)}${margin}${lines.shift() ?? ""}` : name;
      const below = lines.map((line) => `${" ".repeat(left + 2 * GAP)}${line}`);
      return [`${margin}${beside}`.trimEnd(), ...below].map((line) => `${line}\n`).join("");
    })
    .join("");
}
