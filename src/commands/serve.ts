/** `gmm-sweep serve`: the report as a page that lives while a sweep runs. */
import { once } from "node:events";
import { bad } from "../errors.js";
import { type Flags, fileFrom, text } from "../plan/flags.js";
import { LIMITS, parseReal, parseWhole } from "../plan/values.js";
import { type Command, DB_ARGUMENT, DB_OPTION, type Terminal, value } from "./command.js";
import { EXIT, faultAtEdge, faultText } from "./exit-codes.js";

const MOST_PORT = 65_535;
const QUERY_SECONDS = 10;

export const serveCommand: Command = {
  words: ["serve [file]"],
  describe: "show the report as a page on this machine that follows a sweep while it runs; Ctrl-C ends it",
  positionals: DB_ARGUMENT,
  options: {
    port: value("the port, of this machine alone", "any that is free", "NUMBER"),
    "query-seconds": value("how long a query of the page may take", QUERY_SECONDS),
    ...DB_OPTION,
  },
  examples: [
    ["$0 serve night.db", "a page that follows a grid which trains in another terminal"],
    ["$0 serve --store postgres://reader@host/sweeps --port 8080", "many machines' sweep"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  // What draws is loaded by who draws.
  const { LiveServer } = await import("../serve/server.js");
  const place = fileFrom(flags);
  const port = text(flags, "port");
  const server = await LiveServer.listen({
    place,
    port: port === null ? 0 : parseWhole("--port", port, 0, MOST_PORT),
    queryMs: 1000 * querySeconds(text(flags, "query-seconds")),
    hear: (fault) => terminal.err(faultText(faultAtEdge(fault))),
  });
  // Whoever has read the address may end it at once.
  const told = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  try {
    await terminal.out(`${server.address}\n`);
    terminal.err("the page is there for whoever has this address on this machine; Ctrl-C ends it\n");
    await told;
    return EXIT.ok;
  } finally {
    await server.close();
  }
}

function querySeconds(given: string | null): number {
  if (given === null) return QUERY_SECONDS;
  const expected = `a number of seconds from 1 to ${LIMITS.querySeconds}`;
  const seconds = parseReal("--query-seconds", given, 1, expected);
  if (seconds <= LIMITS.querySeconds) return seconds;
  throw bad(`--query-seconds must be ${expected}, got ${given}`);
}
