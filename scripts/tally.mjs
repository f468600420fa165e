/** A test reporter that ends with one line: N passed, N failed, N skipped. */
export default async function* tally(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const skipped = [];
  for await (const { type, data } of events) {
    if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite") continue;
    if (data.skip !== undefined) {
      counts.skipped += 1;
      skipped.push(`skipped: ${data.name} (${data.skip})\n`);
    } else counts[type === "test:pass" ? "passed" : "failed"] += 1;
  }
  yield* skipped;
  yield `${counts.passed} passed, ${counts.failed} failed${counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`}\n`;
}
