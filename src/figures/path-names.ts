/** What the paths of a plane are called, and where: names that would stand on one another become one. */
import { extent, mean } from "../stats/moments.js";

interface Point {
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

interface Around {
  /** What the picture has room for: it goes as far as these do, and a name. */
  readonly all: readonly Point[];
  /** What is drawn over names. */
  readonly marks: readonly Point[];
}

/** The names of paths at their ends. `forget` and `accuracy` are differences to retraining, as everywhere in the figure. */
export function pathNames(ends: readonly End[], { all, marks }: Around): Name[] {
  const letter = LETTER * span(all.map(({ accuracy }) => accuracy));
  const line = LINE * span(all.map(({ forget }) => forget));
  let groups = ends.map((end) => [end]);
  for (;;) {
    const names = groups.map((group) => named(group, { letter, line, marks }));
    const pair = firstPair(names, line);
    if (pair === null) return names;
    const both = pair.flatMap((i) => groups[i]).sort((a, b) => a.lambda - b.lambda);
    groups = [...groups.filter((_, i) => !pair.includes(i)), both];
  }
}

function span(values: readonly number[]): number {
  const [least, greatest] = extent(values);
  return greatest - least;
}

interface Sizes {
  readonly letter: number;
  readonly line: number;
  readonly marks: readonly Point[];
}

/** At the end of its paths or, where a mark stands there, a line below or above. */
function named(group: readonly End[], { letter, line, marks }: Sizes): Name {
  const name = `λ ${group.map(({ lambda }) => lambda).join(", ")}`;
  const [forget, accuracy] = [mean(group.map((end) => end.forget)), extent(group.map((end) => end.accuracy))[1]];
  // With two letters' room to its mark.
  const to = accuracy + letter * (name.length + 2);
  const isFree = (height: number): boolean =>
    !marks.some((mark) => accuracy < mark.accuracy && mark.accuracy < to && Math.abs(mark.forget - height) < line);
  const height = [forget, forget + line, forget - line].find(isFree) ?? forget;
  return { name, forget: height, accuracy, room_to: to };
}

/** Two names that touch. */
function firstPair(names: readonly Name[], line: number): readonly number[] | null {
  for (const [i, one] of names.entries())
    for (const [j, other] of names.entries())
      if (i < j && one.accuracy <= other.room_to && other.accuracy <= one.room_to)
        if (Math.abs(one.forget - other.forget) <= line) return [i, j];
  return null;
}
