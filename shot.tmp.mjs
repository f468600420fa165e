import { chromium } from "playwright-core";
import axe from "axe-core";
const [page, out, width = "1440", scheme = "light", full = "1"] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: Number(width), height: 1000 }, colorScheme: scheme });
const tab = await context.newPage();
tab.on("console", (m) => console.log("console", m.type(), m.text().slice(0, 300)));
tab.on("pageerror", (e) => console.log("pageerror", String(e).slice(0, 600)));
tab.on("request", (r) => { if (!r.url().startsWith("file:") && !r.url().startsWith("data:") && !r.url().startsWith("blob:")) console.log("request", r.url()); });
await tab.goto(page.startsWith("http") ? page : `file://${page}`);
await tab.evaluate(async () => { for (let y = 0; y < document.body.scrollHeight; y += 600) { scrollTo(0, y); await new Promise((r) => setTimeout(r, 120)); } scrollTo(0, 0); });
await tab.waitForTimeout(600);
console.log("width", await tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth, document.body.scrollHeight, document.querySelectorAll(".picture svg").length]));
await tab.screenshot({ path: out, fullPage: full === "1" });
if (process.argv[7]) { await tab.addScriptTag({ content: axe.source }).catch((e) => console.log("axe", String(e).slice(0,200))); }
await browser.close();
