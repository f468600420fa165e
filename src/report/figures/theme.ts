/** How figures look: colours by what they mean, fonts, sizes. Colours are signals, so that a page changes them without drawing anew. */
import type { Config } from "vega-lite";

/**
 * Colours by their roles. Those of data are from the set of Okabe & Ito (2008), which the colour-blind tell apart; where
 * two meet in one picture, dash, shape or place tells them apart, too.
 */
export const THEMES = {
  light: {
    ...{ ink: "#1b1f24", soft: "#57606a", faint: "#e4e7eb", paper: "#ffffff" },
    ...{ role_better: "#0072b2", role_worse: "#c24e00", role_chosen: "#1b1f24", role_retrain: "#007a59" },
    ...{ role_untouched: "#a86f00", role_null: "#7d8590", role_margin: "#dce9f2" },
    ...{ role_method_1: "#0072b2", role_method_2: "#b0568a", role_method_3: "#c24e00", role_method_4: "#3a7ca5" },
    ...{ map_low: "#0b559f", map_middle: "#f5f5f5", map_high: "#8c4a00" },
  },
  dark: {
    ...{ ink: "#e6edf3", soft: "#9da7b3", faint: "#30363d", paper: "#0d1117" },
    ...{ role_better: "#56b4e9", role_worse: "#ff9350", role_chosen: "#e6edf3", role_retrain: "#2ec99a" },
    ...{ role_untouched: "#e6a935", role_null: "#8b949e", role_margin: "#1d3344" },
    ...{ role_method_1: "#56b4e9", role_method_2: "#e59ac6", role_method_3: "#ff9350", role_method_4: "#8ecae6" },
    ...{ map_low: "#4fa3e3", map_middle: "#22272e", map_high: "#e08a2e" },
  },
} as const;

export type ThemeName = keyof typeof THEMES;
export type Role = keyof (typeof THEMES)["light"];

export const ROLES = Object.keys(THEMES.light) as readonly Role[];

/** A colour as specifications say it. */
export function role(name: Role): { readonly expr: Role } {
  return { expr: name };
}

/** The family whose files are shipped, and what stands in where a reader of SVG lacks it. */
export const FONT = "Source Sans 3";
export const FONT_FAMILY = `"${FONT}", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif`;

const PX_PER_MM = 96 / 25.4;

/** Widths of a paper's columns, in millimetres. */
export const COLUMNS = { 1: 89, 2: 183 } as const;

export function pixels(millimetres: number): number {
  return millimetres * PX_PER_MM;
}

/** Sizes of text in pixels of 1/96 inch: 9.33 are 7 points, the least that journals take. */
const TEXT = { label: 9.33, title: 10 };
const RULE = 0.75;

export const CONFIG: Config = {
  font: FONT_FAMILY,
  background: "transparent",
  view: { stroke: null },
  axis: {
    ...{ labelFontSize: TEXT.label, titleFontSize: TEXT.title, titleFontWeight: "normal", labelPadding: 3 },
    ...{ labelColor: role("soft"), titleColor: role("ink"), titlePadding: 6 },
    ...{ domainColor: role("soft"), tickColor: role("soft"), gridColor: role("faint") },
    ...{ domainWidth: RULE, tickWidth: RULE, gridWidth: RULE, tickSize: 3, grid: false },
    labelFlush: false, // a number stands at its place
  },
  axisQuantitative: { grid: true, domain: false, ticks: false },
  // So few that none is left out: where every second one is, 0 may be among them.
  axisXQuantitative: { tickCount: { expr: "ceil(width / 70)" }, labelSeparation: 5 },
  legend: {
    ...{ labelFontSize: TEXT.label, titleFontSize: TEXT.title, titleFontWeight: "normal" },
    ...{ labelColor: role("ink"), titleColor: role("ink"), orient: "top", symbolStrokeWidth: 1.5 },
  },
  text: { fontSize: TEXT.label, color: role("ink") },
  header: { labelFontSize: TEXT.label, labelColor: role("ink") },
};
