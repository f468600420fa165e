/** The style of every page: light and dark, wide and narrow, on a screen and on paper. */
import { FONT_FAMILY, THEMES } from "../figures/theme.js";

/** How one theme colours a page. */
const colours = (theme: keyof typeof THEMES): string =>
  Object.entries(THEMES[theme])
    .map(([name, value]) => `--${name.replaceAll("_", "-")}:${value}`)
    .join(";");

/** The colours by the system's theme, or by the one that is chosen. */
export const COLOURS = `
:root{${colours("light")};color-scheme:light}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${colours("dark")};color-scheme:dark}}
:root[data-theme=dark]{${colours("dark")};color-scheme:dark}
`;

export const STYLE = `${COLOURS.trimEnd()}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 ${FONT_FAMILY}}
header,main{max-width:72rem;margin:0 auto;padding:0 1rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 1rem;padding-top:1rem}
h1{order:-1;flex:1 1 20rem;font-size:1.4rem;margin:0;overflow-wrap:anywhere}
.made{color:var(--soft);margin:0;font-size:.85rem}
h2{font-size:1.25rem;line-height:1.35;margin:2rem 0 1rem;overflow-wrap:break-word}
h2.sentence{font-size:1.35rem;font-weight:600;max-width:60rem;text-wrap:pretty}
h3{font-size:1.05rem;margin:0 0 .15rem}
section.sweep h3{margin-top:1.5rem}
.answers,.shown,.note,small,caption{color:var(--soft)}
.answers{margin:0 0 .5rem;font-size:.95rem}
a{color:var(--role-better)}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.5rem}
:focus-visible{outline:3px solid var(--role-better);outline-offset:2px}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.85rem;padding-bottom:.25rem}
th,td{padding:.3rem .55rem .3rem 0;text-align:left;border-bottom:1px solid var(--faint);vertical-align:top}
tbody th{font-weight:600}
td.number{text-align:right}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr));gap:2rem 2.5rem;margin-top:2rem}
.panel{min-width:0}
.none{margin-top:2rem}
.none li{margin:.25rem 0;overflow-wrap:anywhere}
figure{margin:0}
.picture{position:relative;min-height:8rem}
.picture svg,.picture img{display:block;width:100%;height:auto}
figcaption{font-size:.9rem;margin-top:.35rem}
.controls{display:flex;flex-wrap:wrap;gap:.3rem 1rem;font-size:.9rem;margin-bottom:.25rem}
.controls label{display:flex;gap:.4rem;align-items:center}
select,button,input,textarea{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:4px;padding:.15rem .5rem;max-width:100%}
button{cursor:pointer}
details{margin-top:.5rem;font-size:.9rem}
summary{cursor:pointer;color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;min-width:0}
code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em}
pre,li code{white-space:pre-wrap;overflow-wrap:anywhere}
.tip{position:fixed;z-index:9;pointer-events:none;background:var(--paper);color:var(--ink);border:1px solid var(--soft);border-radius:4px;padding:.3rem .5rem;font-size:.85rem;box-shadow:0 2px 8px #0003}
.tip dl{margin:0;gap:0 .6rem;grid-template-columns:max-content 1fr}.tip dt{margin:0}
nav a{font-size:.95rem}
.live{max-width:72rem;margin:0 auto;padding:0 1rem}
.live textarea{width:100%;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9rem}
.live form label{display:block;margin:.5rem 0 .25rem}
progress{width:100%;height:.6rem;accent-color:var(--role-better)}
.going{margin:.75rem 0}.going p{margin:.1rem 0}
#state:empty,#said:empty{display:none}
@media (max-width:40rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}}
@media print{:root,:root[data-theme],:root:not([data-theme=light]){${colours("light")};color-scheme:light}body{font-size:10pt}table{font-size:7.5pt}th,td{padding-right:.4rem}.controls,.skip,#theme,details.numbers{display:none}.panels{grid-template-columns:1fr 1fr}.panel,tr{break-inside:avoid}.scroll{overflow:visible}.picture{min-height:0!important}nav a{color:inherit;text-decoration:none}h2,h3{break-after:avoid}}
`;
