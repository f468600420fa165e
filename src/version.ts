/** The version in package.json, which stands two folders above this file in the built tree. */
import { readFileSync } from "node:fs";

const file = new URL("../../package.json", import.meta.url);
export const { version: VERSION } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
