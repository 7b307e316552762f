"""What a manifest must say before anything in its folder is believed: a run folder may come from a stranger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from twin.errors import RunError

#: A variant is a folder of the study: no separators, no dots, as the scenario language has it.
FolderName = Annotated[str, Field(pattern=r"^\w[\w+-]{0,39}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
TableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Words = dict[str, Annotated[str, Field(max_length=1000)]]
BodyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Replications = Annotated[int, Field(ge=1, le=100_000)]


def _once_each(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("a name stands twice")
    return names


#: Names of variants, in order.
Variants = Annotated[list[FolderName], Field(min_length=1, max_length=10_000), AfterValidator(_once_each)]


class _Manifest(BaseModel):
    """What is not named here is not looked at."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)

    files: dict[str, Sha256]


class _CityFacts(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    schematic: bool
    attribution: list[str]
    as_of: Annotated[str, Field(max_length=1000)] = ""


class _DataFacts(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    table: Annotated[str, Field(max_length=200)]
    source: Annotated[str, Field(max_length=1000)] = ""
    licence: Annotated[str, Field(max_length=1000)] = ""
    as_of: Annotated[str, Field(max_length=1000)] = ""
    told: Annotated[str, Field(max_length=1000)] = ""


#: Tables that say whose they are; see :mod:`twin.results.sources`.
_Data = Annotated[list[_DataFacts], Field(max_length=1000)]


class _StudyManifest(_Manifest):
    name: str
    title: Words
    variants: Variants
    labels: dict[str, Words]
    replications: Replications
    seed: Annotated[int, Field(ge=0)]
    days: Annotated[list[FolderName], Field(max_length=40), AfterValidator(_once_each)] = []
    lean: bool
    city: _CityFacts
    data: _Data = []
    runs: dict[str, Sha256]


class _BodyFacts(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    code: Annotated[int, Field(ge=0, le=255)]
    states: Annotated[list[BodyName], Field(max_length=256)]


class _RunManifest(_Manifest):
    variant: FolderName
    replication: Annotated[int, Field(ge=0, lt=100_000)]
    rows: dict[TableName, Annotated[int, Field(ge=0)]]
    notes: Annotated[dict[str, list[Annotated[str, Field(max_length=1000)]]], Field(max_length=100)] = {}
    bodies: Annotated[dict[BodyName, _BodyFacts], Field(max_length=256)] = {}
    data: _Data = []


def check_manifest(manifest: Mapping[str, Any], kind: str, folder: Path) -> None:
    """Check that a manifest says what it must, each of the right kind and within bounds.

    Raises
    ------
    RunError
        Naming the first key that is wrong.
    """
    model = _StudyManifest if kind == "study" else _RunManifest
    try:
        model.model_validate(manifest)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RunError(
            f"the manifest is damaged or was changed: {key[:80]}: {first['msg']}",
            where=str(folder / "manifest.json"),
            mend="copy the folder anew, or run the scenario again",
        ) from fault
