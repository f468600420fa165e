/** Zip archives as numpy writes them (PKWARE's APPNOTE, 4.3): read by their directory, and each member held against its checksum. */
import { crc32, inflateRawSync } from "node:zlib";

interface Member {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const END = { signature: 0x06054b50, bytes: 22, mostComment: 0xffff };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const STORED = 0;
export const DEFLATED = 8;

/** Zip's first day, for the members of archives that are written: the same arrays make the same bytes. */
export const ARRAY_TIME = "1980-01-01T00:00:00";

/** What gives each member by its name, of at most `most` bytes: a small archive may hold a large one. Both throw an Error that says what is wrong. */
export function unzip(bytes: Buffer, most: number): Map<string, () => Uint8Array> {
  const files = new Map<string, () => Uint8Array>();
  for (const member of directoryOf(bytes)) {
    const { name, size } = member;
    if (files.has(name)) throw new Error(`it holds ${name} twice`);
    files.set(name, () => {
      if (size > most) throw new Error(`${name} is of ${size} bytes, and at most ${most} are read`);
      return contentOf(bytes, member);
    });
  }
  return files;
}

/** Throws where it reaches beyond the archive. */
function part(bytes: Buffer, offset: number, length: number): Buffer {
  if (offset + length > bytes.length) throw new Error("it ends too early");
  return bytes.subarray(offset, offset + length);
}

function directoryOf(bytes: Buffer): Member[] {
  const end = endOf(bytes);
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: count }, () => {
    const entry = part(bytes, at, ENTRY.bytes);
    if (entry.readUInt32LE(0) !== ENTRY.signature) throw new Error("its directory is damaged");
    const [name, extra, comment] = [28, 30, 32].map((field) => entry.readUInt16LE(field));
    const member = {
      name: part(bytes, at + ENTRY.bytes, name).toString("utf8"),
      method: entry.readUInt16LE(10),
      checksum: entry.readUInt32LE(16),
      packed: entry.readUInt32LE(20),
      size: entry.readUInt32LE(24),
      offset: entry.readUInt32LE(42),
    };
    at += ENTRY.bytes + name + extra + comment;
    return member;
  });
}

/** Where the last record begins, which a comment may follow. */
function endOf(bytes: Buffer): number {
  const last = bytes.length - END.bytes;
  for (let at = last; at >= Math.max(0, last - END.mostComment); at--)
    if (bytes.readUInt32LE(at) === END.signature) return at;
  throw new Error("it is no zip archive");
}

function contentOf(bytes: Buffer, { name, method, checksum, packed, size, offset }: Member): Uint8Array {
  const local = part(bytes, offset, LOCAL.bytes);
  if (local.readUInt32LE(0) !== LOCAL.signature) throw new Error(`${name} is not where its directory says`);
  const data = part(bytes, offset + LOCAL.bytes + local.readUInt16LE(26) + local.readUInt16LE(28), packed);
  const content = unpacked(data, { name, method, size });
  if (content.length !== size || crc32(content) !== checksum)
    throw new Error(`${name} is damaged: its bytes are not those of its checksum`);
  return content;
}

function unpacked(data: Buffer, { name, method, size }: Pick<Member, "name" | "method" | "size">): Uint8Array {
  if (method === STORED) return data;
  if (method !== DEFLATED) throw new Error(`${name} is packed by method ${method}, which numpy does not use`);
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw new Error(`${name} is damaged and cannot be unpacked`, { cause: error });
  }
}
