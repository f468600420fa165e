/** What the paths of a plane are called, and where: names that would stand on one another become one. */
import { mean } from "../stats/moments.js";

export interface Point {
  readonly forget: number;
  readonly accuracy: number;
}

/** The end of a path. */
interface End extends Point {
  readonly lambda: number;
}

/** One mark of the picture. */
interface Name {
  readonly name: string;
  readonly forget: number;
  readonly accuracy: number;
  /** How far its letters go on the right: the picture has room until there. */
  readonly room_to: number;
}

/** How wide a letter and how high a line are at most, as shares of a picture: of the smallest that is drawn, a phone's. */
const [LETTER, LINE] = [0.022, 0.07];

/** `all` is what the picture has room for: it goes as far as these do, and a name. */
export function pathNames(ends: readonly End[], all: readonly Point[]): Name[] {
  const letter = LETTER * span(all.map(({ accuracy }) => accuracy));
  const line = LINE * span(all.map(({ forget }) => forget));
  let groups = ends.map((end) => [end]);
  for (;;) {
    const names = groups.map((group) => named(group, letter));
    const pair = firstPair(names, line);
    if (pair === null) return names;
    const both = pair.flatMap((i) => groups[i]).sort((a, b) => a.lambda - b.lambda);
    groups = [...groups.filter((_, i) => !pair.includes(i)), both];
  }
}

function span(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

function named(group: readonly End[], letter: number): Name {
  const name = `λ ${group.map(({ lambda }) => lambda).join(", ")}`;
  const accuracy = Math.max(...group.map((end) => end.accuracy));
  // With two letters' room to its mark.
  return {
    name,
    forget: mean(group.map((end) => end.forget)),
    accuracy,
    room_to: accuracy + letter * (name.length + 2),
  };
}

/** Two names that touch. */
function firstPair(names: readonly Name[], line: number): readonly number[] | null {
  for (const [i, one] of names.entries())
    for (const [j, other] of names.entries())
      if (i < j && one.accuracy <= other.room_to && other.accuracy <= one.room_to)
        if (Math.abs(one.forget - other.forget) <= line) return [i, j];
  return null;
}
