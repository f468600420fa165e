/** Who may ask the live page's server: whoever has its token, from a page of its own. */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** A request that passed, with what stands in its address after the token. */
export interface Passed {
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface Refused {
  readonly status: 403 | 404 | 405;
  readonly sentence: string;
}

/**
 * Every address begins with the token, which another user of the machine does not know. The host must be this machine by
 * name or number, since a name that a page elsewhere had pointed here would make that page one of ours (DNS rebinding);
 * an origin, where a browser sends one, must be the server's own.
 */
export function guarded(request: IncomingMessage, token: string): Passed | Refused {
  const { method = "", url = "", headers } = request;
  const port = request.socket.localPort;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? "")) return refused(403, `the Host of a request must be ${hosts.join(" or ")}`);
  const { origin } = headers;
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`))
    return refused(403, "requests of other pages are not answered");
  const [, given = "", path = ""] = /^\/([^/?]*)(\/[^?]*)?/.exec(url) ?? [];
  if (!isSame(given, token)) return refused(403, "the address must have the token that gmm-sweep serve has printed");
  if (method !== "GET" && method !== "HEAD" && method !== "POST") return refused(405, `${method} is not answered`);
  const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
  return { path, query: new URLSearchParams(query) };
}

function refused(status: Refused["status"], sentence: string): Refused {
  return { status, sentence };
}

/** In the same time wherever they differ. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
