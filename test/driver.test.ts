/** SQLite's driver goes with the version of Node. */
import assert from "node:assert/strict";
import test from "node:test";
import { driverFor } from "../src/store/sqlite/driver.js";

test("better-sqlite3 12 is taken where it works, and 13 from the Node on that 12 does not survive", () => {
  for (const node of ["20.19.0", "22.23.3", "24.18.9"]) assert.equal(driverFor(node), "better-sqlite3", node);
  for (const node of ["24.19.0", "24.21.0", "25.0.0", "26.1.0"])
    assert.equal(driverFor(node), "better-sqlite3-next", node);
});
