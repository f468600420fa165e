/** The live page's server: on this machine alone, for who has its token, and for reading alone. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, SweepError } from "../errors.js";
import { scriptOf } from "../report/page/frame.js";
import { guarded, type Passed } from "./guard.js";
import { livePage } from "./live-page.js";
import { Looks, type PageState } from "./looks.js";
import { Queries } from "./queries.js";

export interface ServeOptions {
  readonly place: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly queryMs: number;
  /** Hears why something could not be answered that can be: a fault of the machine, or a bug. */
  readonly hear: (fault: unknown) => void;
}

const QUERIES_AT_ONCE = 4;
const SHOWN_ROWS = 1_000;
const MOST_SHOWN = 4_000_000; // characters of what a page is sent of a query
const MOST_BODY = 100_000; // bytes of a query
const MOST_HEADERS = 4 * MOST_BODY; // bytes: the query of a CSV is in its address, up to three for one, beside what a browser says
const TOO_LONG = `a query must be no longer than ${MOST_BODY.toLocaleString("en-US")} bytes: gmm-sweep query takes a longer one\n`;
const [HEADERS_MS, REQUEST_MS, IDLE_MS] = [10_000, 30_000, 5_000];

const HEADERS = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
};

/** A server that listens; whoever made it closes it. */
export class LiveServer {
  readonly #server: Server;
  readonly #token = randomBytes(24).toString("base64url");
  readonly looks: Looks;
  readonly queries: Queries;
  readonly #hear: ServeOptions["hear"];
  readonly #page: ReturnType<typeof livePage>;
  /** The contents as they are sent, with the figures' data and without: all pages are sent the same. */
  #contents: { readonly of: PageState | null; readonly bodies: Map<boolean, string> } = { of: null, bodies: new Map() };

  private constructor({ place, queryMs, hear }: ServeOptions) {
    this.#hear = hear;
    this.looks = new Looks(place, hear);
    this.queries = new Queries(place, { queryMs, atOnce: QUERIES_AT_ONCE });
    this.#page = livePage(place, { shownRows: SHOWN_ROWS, querySeconds: queryMs / 1000 });
    this.#server = createServer({
      ...{ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, keepAliveTimeout: IDLE_MS },
      maxHeaderSize: MOST_HEADERS,
    });
    this.#server.on("request", (request, response) => void this.#answer(request, response));
  }

  /** Throws a fault of the environment where the port is taken. */
  static async listen(options: ServeOptions): Promise<LiveServer> {
    const live = new LiveServer(options);
    try {
      await new Promise<void>((resolve, reject) => {
        live.#server.once("error", reject);
        live.#server.listen(options.port, "127.0.0.1", () => resolve());
      });
    } catch (error) {
      await live.close();
      const why = isTaken(error) ? "which another program has" : `which cannot be had: ${messageOf(error)}`;
      throw new SweepError(
        "environment",
        `--port must be one that is free, got ${options.port}, ${why}: name another one, or leave it out`,
        { cause: error },
      );
    }
    return live;
  }

  /** Where the page is. */
  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${this.#token}/`;
  }

  async close(): Promise<void> {
    this.queries.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await Promise.all([this.looks.close(), closed]);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const passed = guarded(request, this.#token);
    if ("status" in passed) return send(response, passed.status, "text/plain; charset=utf-8", `${passed.sentence}\n`);
    const answer = ANSWERS[`${request.method === "HEAD" ? "GET" : request.method} ${passed.path}`];
    if (answer === undefined) return send(response, 404, "text/plain; charset=utf-8", "there is nothing here\n");
    try {
      await answer.call(this, passed, request, response);
    } catch (error) {
      // Who has left is told nothing, and their leaving is no fault.
      if (request.socket.destroyed) return;
      this.#hear(error);
      if (!response.headersSent)
        send(response, 500, "text/plain; charset=utf-8", "the server met a fault, and its terminal says which\n");
      else response.destroy();
    }
  }

  sendPage(response: ServerResponse): void {
    response.setHeader("Content-Security-Policy", this.#page.policy);
    send(response, 200, "text/html; charset=utf-8", this.#page.html);
  }

  sendState({ query }: Passed, response: ServerResponse): void {
    const state = this.looks.state();
    sendNewer(response, query, state.number, () => JSON.stringify(state));
  }

  sendContents({ query }: Passed, response: ServerResponse): void {
    const page = this.looks.page();
    if (page === null) send(response, 204, null, "");
    else {
      // What the figures are drawn from is most of it, and changes least.
      const isThere = query.get("figures") === String(page.page.figures);
      sendNewer(response, query, page.number, () => this.#contentsText(page, isThere));
    }
  }

  #contentsText(page: PageState, isWithout: boolean): string {
    if (this.#contents.of !== page) this.#contents = { of: page, bodies: new Map() };
    const { bodies } = this.#contents;
    const { html, data, figures } = page.page;
    const text =
      bodies.get(isWithout) ?? JSON.stringify({ number: page.number, html, figures, data: isWithout ? null : data });
    bodies.set(isWithout, text);
    return text;
  }

  /** The first rows, and whether there are more; ends with its page. */
  async sendRows(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sql = await bodyOf(request);
    if (sql === null) return send(response, 413, "text/plain; charset=utf-8", TOO_LONG);
    const stop = new AbortController();
    response.on("close", () => stop.abort());
    let [text, rows] = ["", 0];
    const end = await this.queries.run(
      { sql, format: "lines" },
      (more) => {
        text += more;
        for (const character of more) if (character === "\n") rows += 1;
        return rows <= SHOWN_ROWS + 1 && text.length < MOST_SHOWN;
      },
      stop.signal,
    );
    const [columns = "[]", ...all] = text.split("\n").slice(0, -1);
    const shown = all.slice(0, SHOWN_ROWS);
    const isCut = all.length > shown.length || text.length >= MOST_SHOWN;
    const body = `{"columns":${columns},"rows":[${shown.join(",")}],"more":${isCut},"sentence":${JSON.stringify(end)}}`;
    send(response, 200, "application/json", body);
  }

  /** All rows as a file, as they come. */
  async sendCsv({ query }: Passed, response: ServerResponse): Promise<void> {
    const stop = new AbortController();
    response.on("close", () => stop.abort());
    let isBegun = false;
    const begin = (): void => {
      if (isBegun) return;
      isBegun = true;
      response.writeHead(200, {
        ...HEADERS,
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="query.csv"',
      });
    };
    const sql = query.get("sql") ?? "";
    const end = await this.queries.run(
      { sql, format: "csv" },
      (text) => {
        begin();
        return written(response, text);
      },
      stop.signal,
    );
    if (end !== null && !isBegun) return send(response, 400, "text/plain; charset=utf-8", `${end}\n`);
    // A file that is not whole must not look so.
    if (end !== null) response.destroy();
    else response.end();
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

/** Waits for who reads slowly, so that no more of a file is in memory than is on its way; false: nobody reads any more. */
function written(response: ServerResponse, text: string): boolean | Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(text)) return true;
  return new Promise((resolve) => {
    const done = (isRead: boolean): void => {
      response.off("drain", drained).off("close", closed);
      resolve(isRead);
    };
    const [drained, closed] = [() => done(true), () => done(false)];
    response.on("drain", drained).on("close", closed);
  });
}

type Answer = (this: LiveServer, passed: Passed, request: IncomingMessage, response: ServerResponse) => unknown;

const ANSWERS: Readonly<Record<string, Answer>> = {
  "GET /": function (_passed, _request, response) {
    this.sendPage(response);
  },
  "GET /live.js": (_passed, _request, response) =>
    send(response, 200, "text/javascript; charset=utf-8", scriptOf("live")),
  "GET /state": function (passed, _request, response) {
    this.sendState(passed, response);
  },
  "GET /contents": function (passed, _request, response) {
    this.sendContents(passed, response);
  },
  "POST /rows": function (_passed, request, response) {
    return this.sendRows(request, response);
  },
  "GET /query.csv": function (passed, _request, response) {
    return this.sendCsv(passed, response);
  },
};

/** Nothing where the page has it already. */
function sendNewer(response: ServerResponse, query: URLSearchParams, number: number, body: () => string): void {
  if (query.get("since") === String(number)) send(response, 204, null, "");
  else send(response, 200, "application/json", body());
}

function send(response: ServerResponse, status: number, type: string | null, body: string): void {
  response.writeHead(status, {
    ...HEADERS,
    ...(type === null ? {} : { "Content-Type": type, "Content-Length": Buffer.byteLength(body) }),
  });
  response.end(response.req.method === "HEAD" ? "" : body);
}

/** Null of one that is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MOST_BODY) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
