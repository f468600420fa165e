/** Places of results as people name them: files and databases. A password is no part of a name, so that nothing that is said can show one. */
import { bad, shellWord } from "../errors.js";

/** Whether a place is a database of PostgreSQL and no file. */
export function isDatabase(place: string): boolean {
  return /^postgres(ql)?:/i.test(place);
}

/** The whole URL of a place by its name, where the two differ. */
const urls = new Map<string, string>();

/** A place as it is called from here on: of a database the URL without its password. Throws usage where it is none. */
export function placeNamed(option: string, given: string): string {
  if (!isDatabase(given)) return given;
  const url = parsed(given);
  // What cannot be read may hold a password anywhere.
  if (url === null || url.hostname === "" || !/^\/[^/]+$/.test(url.pathname))
    throw bad(
      `${option} must be a database as in postgres://user@host:5432/database, got one that is not: percent-encode what is special in its parts`,
    );
  const name = new URL(url);
  name.password = "";
  name.searchParams.delete("password");
  if (name.href !== url.href) urls.set(name.href, url.href);
  return name.href;
}

function parsed(given: string): URL | null {
  try {
    return new URL(given);
  } catch {
    return null;
  }
}

/** What a database of that name is reached by. */
export function urlOf(name: string): string {
  return urls.get(name) ?? name;
}

/** How a command line names a place. */
export function placeOption(place: string): string {
  return `${isDatabase(place) ? "--store" : "--db"} ${shellWord(place)}`;
}
