/** What is read of a database by the statements that every store shares. */
import { readsIn } from "../sql/reads.js";
import { POSTGRES_DIALECT } from "./dialect.js";

export const READS = readsIn(POSTGRES_DIALECT);
