/** What is wrong with a database, in sentences. */
import { messageOf } from "../../errors.js";
import { always, type Kind, type Remedy, type Told, tellers } from "../faults.js";

const A_STORE: Kind = { what: "store", option: "--store" };

const AGAIN = "and run the same command again; what had finished is kept";

/** The server is not there, goes down, comes up, or takes no more connections: it may be another moment. */
const AWAY =
  /^(ECONN\w+|E(HOST|NET)UNREACH|ENETDOWN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|ENOENT|08...|57P0[1-4]|53300|AWAY|SLOW)$/;

const REMEDIES: readonly Remedy[] = [
  {
    code: AWAY,
    opening: [
      "environment",
      "cannot be reached: see that PostgreSQL runs there and takes connections from this machine, and run the same command again",
    ],
    open: `can no longer be reached: see that PostgreSQL runs there and takes connections from this machine, ${AGAIN}`,
  },
  {
    code: /^28...$/,
    opening: [
      "usage",
      "must let this user in, but it refuses the user or the password: name the user in the URL, and give the password as PGPASSWORD or in ~/.pgpass",
    ],
    open: `no longer lets this user in: see that the user is there ${AGAIN}`,
  },
  {
    code: /^3D000$/,
    opening: [
      "usage",
      "must be a database that is there, but the server has none of this name: make it with createdb, or name another with --store",
    ],
    open: `is no longer there: restore the database ${AGAIN}`,
  },
  {
    code: /^42501$/,
    opening: [
      "usage",
      "must be a store that this user may use so, but PostgreSQL says that the user has no right to: have the owner grant it, as data/docs/many-machines.md says",
    ],
    open: `may not be used so by this user: have the owner grant it, as data/docs/many-machines.md says, ${AGAIN}`,
  },
  {
    code: /^25006$/,
    opening: [
      "usage",
      "must be a database that can be written, but it is read-only, as a standby is: name the primary with --store",
    ],
    open: `can no longer be written, because it became read-only, as a standby is: run the same command on the primary; what had finished is kept`,
  },
  always(/^53100$/, `could not be written because the disk of the server is full: make room ${AGAIN}`),
  always(
    /^53[024]00$/,
    `could not be read or written for want of memory or locks at the server: see to it there ${AGAIN}`,
  ),
  always(
    /^(57014|55P03|25P03)$/,
    `did not answer in time: see with pg_stat_activity what the server is doing ${AGAIN}`,
  ),
  always(
    /^(XX00[12]|58030|58P0[12])$/,
    `is damaged, or its disk is: see the log of the server, restore it from a backup, ${AGAIN}`,
  ),
  {
    code: /^(42P01|3F000|42703|42883)$/,
    opening: [
      "usage",
      "must have the tables that gmm-sweep made, but some are not there: restore it from a backup, or name another store with --store",
    ],
    open: "no longer has the tables that gmm-sweep made: restore it from a backup and run the same command again",
  },
  always(
    /^NO_PG$/,
    "is a database of PostgreSQL, which takes the npm package pg, and that is not installed: npm install pg installs it",
  ),
  always(
    /^NO_BOSS$/,
    "hands out work to several machines with the npm package pg-boss, and that is not installed: npm install pg-boss@12.38.0 installs it",
  ),
  always(
    /^(SELF_SIGNED\w+|DEPTH_ZERO\w+|CERT_\w+|UNABLE_TO_\w+|ERR_TLS\w+|ERR_SSL\w+|EPROTO|NO_SSL)$/,
    "cannot be reached by TLS: see its sslmode and sslrootcert in the URL, and the certificate of the server",
  ),
];

const told = tellers(A_STORE, REMEDIES, codeOf);
/** What is to be thrown of a failure to open the store that the user calls so: a sentence where there is one. */
export const toldOfOpening: Told = told.toldOfOpening;
/** The same of a store that is open. */
export const toldOf: Told = told.toldOf;

/** PostgreSQL's own SQLSTATE of an error, the system's code, or a word for what the driver has none for; '' of any other. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  // Several addresses were tried.
  if (error instanceof AggregateError) return error.errors.map(codeOf).find((code) => code !== "") ?? "AWAY";
  if ("code" in error) return String(error.code);
  if (/^Query read timeout/.test(error.message)) return "SLOW";
  if (/^SASL: /.test(error.message)) return "28P01"; // the server asks for a password, and there is none
  if (/^The server does not support SSL/.test(error.message)) return "NO_SSL";
  return /^(Connection terminated|timeout e|Client has encountered a connection error|Client was closed)/.test(
    error.message,
  )
    ? "AWAY"
    : "";
}

/** Whether the server may answer when it is asked again later. */
export function isAway(error: unknown): boolean {
  return AWAY.test(codeOf(error));
}

/** Whether the server was there, and cut this connection off. */
export function isCutOff(error: unknown): boolean {
  return /^(ECONNRESET|EPIPE|08006|57P0[1-3])$/.test(codeOf(error)) || /^Connection terminated/.test(messageOf(error));
}

/** Whether what is there may be written when it is asked again later: its disk is full, or it is read-only for a while. */
export function isUnwritable(error: unknown): boolean {
  return /^(53100|25006)$/.test(codeOf(error));
}

/** Whether another writer came between: the same work will find what that one did. */
export function cameBetween(error: unknown): boolean {
  return error instanceof Overtaken || /^(40001|40P01|23505|23503)$/.test(codeOf(error));
}

/** That what was to be inserted was there by then. */
export class Overtaken extends Error {}

/** Whether PostgreSQL itself refused: then its connection goes on. */
export function isAnswer(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(codeOf(error)) && !isAway(error) && error instanceof Error && "severity" in error;
}
