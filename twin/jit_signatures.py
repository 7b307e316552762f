"""Signatures of kernels as plain data, so that kernels can be compiled before the first call that needs them.

numba compiles a kernel for the types of its first call. Which types those are is known once a run has been made;
written down as JSON they let every later machine compile ahead of its first run, several kernels at a time.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numba.core import types as numba_types
from numba.np import numpy_support

#: A type as JSON: a name of a number, or a list whose first member says what the others are.
Described = str | list[Any]

# numba's own types are known to its compiler and not to a checker of types.
types: Any = numba_types

_NUMBERS = {str(kind): kind for kind in (*types.integer_domain, *types.real_domain, types.boolean)}


def describe(kind: Any) -> Described | None:
    """A type as plain data; None for a type that no other process could make again from it."""
    if str(kind) in _NUMBERS and _NUMBERS[str(kind)] == kind:
        return str(kind)
    if isinstance(kind, types.Array):
        dtype = describe(kind.dtype)
        return None if dtype is None else ["array", dtype, kind.ndim, kind.layout, kind.mutable, kind.aligned]
    if isinstance(kind, types.Record):
        dtype_of: Any = numpy_support.as_dtype(kind)
        return _described_record(dtype_of)
    if isinstance(kind, types.BaseTuple):
        members = [describe(member) for member in kind]
        if any(member is None for member in members):
            return None
        if isinstance(kind, types.NamedTuple | types.NamedUniTuple):
            made: Any = kind.instance_class
            return ["named", made.__module__, made.__qualname__, members]
        return ["tuple", members]
    return None


def _described_record(dtype: np.dtype[Any]) -> Described | None:
    fields: Any = dtype.fields or {}
    if any(part[0].base.kind not in "biuf" for part in fields.values()):
        return None
    rows = [[name, part[0].base.str, list(part[0].shape), part[1]] for name, part in fields.items()]
    return ["record", rows, dtype.itemsize, dtype.isalignedstruct]


def build(described: Described) -> Any:
    """The type that :func:`describe` told of.

    Raises
    ------
    ValueError, KeyError, AttributeError, ImportError
        If it tells of nothing that is here.
    """
    if isinstance(described, str):
        return _NUMBERS[described]
    what, *rest = described
    if what == "array":
        dtype, ndim, layout, mutable, aligned = rest
        return types.Array(build(dtype), ndim, layout, readonly=not mutable, aligned=aligned)
    if what == "record":
        rows, size, aligned = rest
        form = {
            "names": [row[0] for row in rows],
            "formats": [(row[1], tuple(row[2])) if row[2] else row[1] for row in rows],
            "offsets": [row[3] for row in rows],
            "itemsize": size,
        }
        return numpy_support.from_dtype(np.dtype(form, align=bool(aligned)))  # type: ignore[call-overload]
    if what == "named":
        module, name, members = rest
        made = getattr(importlib.import_module(module), name)
        kinds = [build(member) for member in members]
        alike = bool(kinds) and all(kind == kinds[0] for kind in kinds)
        return types.NamedUniTuple(kinds[0], len(kinds), made) if alike else types.NamedTuple(kinds, made)
    if what == "tuple":
        return types.Tuple([build(member) for member in rest[0]])
    raise ValueError(f"unknown kind of type {what!r}")
