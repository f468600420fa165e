/** The shard of a sweep that a file is to hold, as the file says it. */
import { type Shard, WHOLE } from "../../plan/trajectories.js";
import { badFile, OTHER_COPY } from "./faults.js";

/** Null: the whole sweep. */
export function shardText({ index, count }: Shard): string | null {
  return count === 1 ? null : `${index + 1}/${count}`;
}

/** Throws usage where it is no text that `shardText` gives. */
export function readShard(sweep: number, text: string | null): Shard {
  if (text === null) return WHOLE;
  const [, number, count] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text)?.map(Number) ?? [];
  if (number !== undefined && number <= count) return { index: number - 1, count };
  throw badFile((file) => `${file} must say the shard of sweep ${sweep} as I/N, got ${text}: ${OTHER_COPY}`);
}

/** A file forgets nothing that it was to hold: of a sweep it holds one shard, or all. Throws usage. */
export function refuseOtherShard(held: Shard, asked: Shard): void {
  const [there, now] = [shardText(held), shardText(asked)];
  if (now === null || now === there) return;
  const sentence = (file: string): string =>
    there === null
      ? `--shard must be left out where ${file} is to hold the whole sweep, got ${now}: give the shard a file of its own with --db`
      : `--shard must be ${there}, which ${file} is to hold of the sweep, got ${now}: give it a file of its own with --db, or leave --shard out for the whole`;
  throw badFile(sentence);
}
