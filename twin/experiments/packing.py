"""Files as one Arrow table in a stream of bytes, and back: how studies and results travel to other machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from twin.errors import RunError


def packed(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Files as one Arrow table in a stream of bytes."""
    names, contents = pa.array([n for n, _ in files], pa.string()), pa.array([c for _, c in files], pa.large_binary())
    table = pa.table({"name": names, "content": contents})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpack(data: bytes, folder: Path) -> None:
    """Write packed files below a folder.

    Raises
    ------
    RunError
        If a name leads out of it.
    """
    table = pa.ipc.open_stream(data).read_all()
    for name, content in zip(table["name"].to_pylist(), table["content"].to_pylist(), strict=True):
        parts = Path(name).parts
        if Path(name).is_absolute() or ".." in parts or not parts:
            raise RunError(f"a worker named a file outside its folder: {name[:80]!r}", mend="do not trust this cluster")
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
