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
  const wrong = wrongWith(url);
  if (url === null || wrong !== null)
    throw bad(`${option} must be a database as in postgres://user@host:5432/database, got ${wrong}`);
  const name = new URL(url);
  name.password = "";
  name.searchParams.delete("password");
  if (name.href !== url.href) urls.set(name.href, url.href);
  return name.href;
}

/** What a URL is that names no database, without any of its text: what cannot be read may hold a password anywhere. */
function wrongWith(url: URL | null): string | null {
  if (url === null)
    return "one that is not: percent-encode what is special in its parts, and let the port be from 1 to 65535";
  if (url.hostname === "") return "one without a host: name localhost where it is this machine";
  if (!/^\/[^/]+$/.test(url.pathname)) return "one without the name of a database after the host";
  return null;
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

/** What to do about a place in which nothing is. */
export function anotherPlace(place: string): string {
  return isDatabase(place) ? "name another database with --store" : "name another file with --db";
}

/** How a command line names a place. */
export function placeOption(place: string): string {
  return `${isDatabase(place) ? "--store" : "--db"} ${shellWord(place)}`;
}
