/** What `gmm-sweep report` does. */
import { shellWord } from "../errors.js";
import { mustBeFree, type Output, writeWhole } from "../files/output.js";
import { isDatabase } from "../files/places.js";
import { type Flags, fileFrom, text } from "../plan/flags.js";
import { titleOf } from "../report/page/frame.js";
import { allPanels, gathered } from "../report/page/gather.js";
import { reportPage } from "../report/page/page.js";
import { sentencesText } from "../report/verdict.js";
import { openResults } from "../store/open.js";
import { judges } from "../verdict/finding.js";
import { type Terminal, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { namesIn, sightsFrom } from "./sights.js";

/** Writes the page that is asked for, and returns the exit code. */
export async function report(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const out: Output = {
    option: "--out",
    path: text(flags, "out") ?? "report.html",
    kind: "page",
    force: flags["force"] === true,
  };
  mustBeFree(out, isDatabase(path) ? [] : [["the database", path]]);
  const tell = flags["quiet"] === true ? () => {} : (line: string) => terminal.err(`${line}\n`);
  const results = await openResults(path);
  try {
    const sights = await sightsFrom(results, flags, { path, all: true });
    const content = await gathered(sights, results, {
      ...{ title: titleOf(path), tell, digests: true },
      panels: (sight, i) => allPanels(sight, (kind) => tell(`setting ${i + 1} of ${sights.length}: ${kind}`)),
    });
    const page = Buffer.from(await reportPage(content));
    mustBeFree(out, []);
    writeWhole([[out.path, page]]);
    const findings = sights.map(({ finding }) => finding);
    const named = { width: widthOf(terminal), placeOf: namesIn(sights) };
    await terminal.out(
      `${shellWord(out.path)}: ${(page.length / 1e6).toFixed(1)} MB, ${content.settings.length} ${content.settings.length === 1 ? "setting" : "settings"}\n\n${sentencesText(findings, named)}`,
    );
    return findings.some(judges) ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}
