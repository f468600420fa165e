/** A table as Parquet: INT64, DOUBLE and UTF8, optional where a column may have nulls, Snappy, a row group a block. */
import type { ColumnSource } from "hyparquet-writer";
import { VERSION } from "../version.js";
import type { Block, Values } from "./block.js";
import type { Column } from "./columns.js";
import type { TableFile } from "./folder.js";
import type { PartFile } from "./part-file.js";

const TYPES = { integer: "INT64", real: "DOUBLE", text: "STRING" } as const;

/** Loads the library with the first file. */
export async function parquetFile(file: PartFile, columns: readonly Column[]): Promise<TableFile> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: schemaFromColumnData({
      columnData: columns.map(({ name, type, nullable }) => ({ name, data: [], type: TYPES[type], nullable })),
    }),
    kvMetadata: [{ key: "pandas", value: pandasText(columns) }],
    createdBy: `gmm-sweep version ${VERSION}`,
  });
  const flush = (): void => {
    file.write(writer.getBytes());
    writer.index = 0;
  };
  return {
    add: (block) => {
      void parquet.write({ columnData: sourcesOf(block), rowGroupSize: block.rows });
      flush();
    },
    end: () => {
      void parquet.finish();
      flush();
    },
  };
}

function sourcesOf({ rows, columns }: Block): ColumnSource[] {
  return columns.map((values) => ({ name: values.column.name, data: dataOf(values, rows) }));
}

function dataOf({ type, values, isNull, nulls }: Values, rows: number): ColumnSource["data"] {
  if (nulls > 0) return Array.from({ length: rows }, (_, r) => (isNull[r] === 1 ? null : values[r]));
  return type === "text" ? values.slice(0, rows) : values.subarray(0, rows);
}

/** What pandas and pyarrow go by: without it they turn whole numbers of which some are null into floats. */
function pandasText(columns: readonly Column[]): string {
  return JSON.stringify({
    index_columns: [],
    column_indexes: [],
    columns: columns.map((column) => ({
      ...{ name: column.name, field_name: column.name, ...pandasTypes(column), metadata: null },
    })),
    creator: { library: "gmm-sweep", version: VERSION },
  });
}

function pandasTypes({ type, nullable }: Column): { pandas_type: string; numpy_type: string } {
  if (type === "text") return { pandas_type: "unicode", numpy_type: "object" };
  if (type === "real") return { pandas_type: "float64", numpy_type: "float64" };
  return { pandas_type: "int64", numpy_type: nullable ? "Int64" : "int64" };
}
