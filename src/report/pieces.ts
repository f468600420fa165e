/** Values of SQLite's as text in pieces: what is made of a long value may be longer than a string can be. */

export type Cell = string | number | bigint | null | Uint8Array;

const PIECE = 2 ** 20; // characters or bytes

/** Both halves of a character of two stay in one piece. */
export function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = at + PIECE;
    const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
    yield text.slice(at, isHalf ? end + 1 : end);
    at = isHalf ? end + 1 : end;
  }
}

export function* hexPieces(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += PIECE) yield buffer.toString("hex", at, Math.min(at + PIECE, bytes.length));
}
