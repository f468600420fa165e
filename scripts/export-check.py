"""Reads exports as their users do, and holds every value against the database file that they were made of.

usage: export-check.py DB FOLDER PAGE

FOLDER holds the exports out (Parquet), tables (CSV) and arrays (npz) of DB. The Python of PAGE is run in it, block by
block. Exit code 1, with what differs, where a value, a type or a null is another. Needs pandas, duckdb, pyarrow, numpy.
"""

import os
import re
import sqlite3
import struct
import sys

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

VIEWS = {"results": "trial_results", "epochs": "epoch_results", "forget": "forget_results"}
TYPES = {"integer": ("int64", "BIGINT"), "real": ("double", "DOUBLE"), "text": ("string", "VARCHAR")}


def bits(value):
    """A value that equals another one only if it has its type and its bits; null is None."""
    if value is None or value is pd.NA:
        return (0, "")
    if isinstance(value, (float, np.floating)):
        return (1, struct.pack(">d", value).hex())
    if isinstance(value, (int, np.integer)):
        return (2, str(int(value)))
    return (3, str(value))


def same(what, columns, read, stored):
    """Rows in one order: which order it is, no view says."""
    read, stored = (sorted(tuple(map(bits, row)) for row in rows) for rows in (read, stored))
    if len(read) != len(stored):
        sys.exit(f"{what} has {len(read)} rows, and the file {len(stored)}")
    for one, other in zip(read, stored):
        for name, a, b in zip(columns, one, other):
            if a != b:
                sys.exit(f"{what}: {name} is {a}, and in the file {b}")


def must(what, got, expected):
    if got != expected:
        sys.exit(f"{what} must be {expected}, got {got}")


def type_of(column):
    kinds = {type(value) for value in column if value is not None}
    return "text" if str in kinds else "real" if float in kinds else "integer" if int in kinds else None


def check_parquet(table, columns, types, stored):
    path = f"out/{table}.parquet"
    arrow = pq.read_table(path)
    must(f"{path}'s columns", arrow.column_names, columns)
    described = {name: kind for name, kind, *_ in duckdb.sql(f"describe from '{path}'").fetchall()}
    frame = pd.read_parquet(path)
    for name, kind in types.items():
        if kind is None:
            continue
        must(f"pyarrow's type of {name}", str(arrow.schema.field(name).type), TYPES[kind][0])
        must(f"DuckDB's type of {name}", described[name], TYPES[kind][1])
        dtype = str(frame[name].dtype)
        if kind == "integer":
            must(f"pandas' type of {name}", dtype, "Int64" if arrow.schema.field(name).nullable else "int64")
        elif kind == "real":
            must(f"pandas' type of {name}", dtype, "float64")
    same(f"pyarrow's {path}", columns, zip(*(arrow[name].to_pylist() for name in columns)), stored)
    same(f"DuckDB's {path}", columns, duckdb.sql(f"from '{path}'").fetchall(), stored)
    lists = ([None if pd.isna(value) else value for value in frame[name]] for name in columns)
    same(f"pandas' {path}", columns, zip(*lists), stored)


def check_csv(table, columns, types, stored):
    path = f"tables/{table}.csv"
    dtypes = {name: {"integer": "Int64", "real": "float64", "text": "str", None: "str"}[kind] for name, kind in types.items()}
    exact = {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
    frame = pd.read_csv(path, dtype=dtypes, **exact)
    must(f"{path}'s columns", list(frame.columns), columns)
    lists = ([None if pd.isna(value) else value for value in frame[name]] for name in columns)
    # pandas tells no empty text from a null.
    same(f"pandas' {path}", columns, zip(*lists), [[None if value == "" else value for value in row] for row in stored])


def check_npz(table, columns, types, stored):
    path = f"arrays/{table}.npz"
    arrays = np.load(path, allow_pickle=False)
    must(f"{path}'s columns", [name for name in arrays.files if not name.endswith("_isnull")], columns)
    lists = []
    for name in columns:
        array = arrays[name]
        if types[name] is not None:
            must(f"numpy's type of {name}", array.dtype.kind, {"integer": "i", "real": "f", "text": "U"}[types[name]])
        none = arrays[f"{name}_isnull"] if f"{name}_isnull" in arrays.files else np.zeros(len(array), bool)
        must(f"numpy's type of {name}_isnull", none.dtype, np.dtype(bool))
        lists.append([None if null else value for value, null in zip(array, none)])
    same(f"numpy's {path}", columns, zip(*lists), stored)


def main(db, folder, page):
    blocks = re.findall(r"^```python\n(.*?)^```", open(page, encoding="utf8").read(), re.M | re.S)
    file = sqlite3.connect(os.path.abspath(db))
    os.chdir(folder)
    for table, view in VIEWS.items():
        cursor = file.execute(f"select * from {view}")
        columns = [name for name, *_ in cursor.description]
        stored = cursor.fetchall()
        types = {name: type_of(row[i] for row in stored) for i, name in enumerate(columns)}
        for check in (check_parquet, check_csv, check_npz):
            check(table, columns, types, stored)
        print(f"{table}: {len(stored)} rows are those of the file, to the bit, for pandas, DuckDB, pyarrow and numpy")
    scope = {}
    for block in blocks:
        exec(compile(block, page, "exec"), scope)  # the page is ours
    print(f"the page's {len(blocks)} pieces of Python run")


main(*sys.argv[1:])
