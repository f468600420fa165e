/** The formats of an export: what its option and its completion know. */
export const EXPORT_FORMATS = ["parquet", "csv", "npz"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
