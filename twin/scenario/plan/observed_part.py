"""Observations as they are read back with a plan: whoever sent the folder may have changed them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from twin.models import registry
from twin.observe.asked import Cell, SiteRows
from twin.observe.sensors import Sensor

Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(pattern=r"^\w[\w-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class EntryPart(_Part):
    """One observation: a value, or the cells of a table."""

    id: Name
    kpi: Text
    variant: Text
    day: Text = ""
    run: Text
    group: Text = "all"
    sensor: Name | None = None
    days: Annotated[int, Field(ge=1)] = 1
    spread_stated: bool = False
    unit: Text
    value: float | None = None
    spread: Annotated[float, Field(ge=0)] | None = None
    observable: Text | None = None
    cells: Annotated[list[Cell], Field(max_length=20_000)] = []
    values: list[float] = []
    spreads: list[Annotated[float, Field(ge=0)]] = []
    held_out: list[bool] = []
    sites: dict[Text, SiteRows] = {}
    place_xy: dict[Text, list[float]] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        count = len(self.cells)
        if not len(self.values) == len(self.spreads) == len(self.held_out) == count:
            raise ValueError("cells and their numbers do not match")
        if (self.value is None) == (self.observable is None) or (self.observable is None) != (count == 0):
            raise ValueError("an observation is a value or a table")
        if self.observable is not None and self.observable not in registry.observables():
            raise ValueError("there is no such observable")
        if any(cell.site and cell.site not in self.sites for cell in self.cells):
            raise ValueError("a cell names no site of its observation")
        return self


class ObservedPart(_Part):
    """Sensors and observations of a plan."""

    sensors: dict[Name, dict[str, object]] = {}
    entries: Annotated[list[EntryPart], Field(max_length=1000)] = []

    @model_validator(mode="after")
    def _known(self) -> Self:
        for sensor in self.sensors.values():
            _ADAPTER.validate_python(sensor)
        if any(entry.sensor is not None and entry.sensor not in self.sensors for entry in self.entries):
            raise ValueError("an observation names no sensor of the plan")
        return self


def sensor_of(content: object) -> Sensor:
    """A sensor as a plan holds it."""
    return _ADAPTER.validate_python(content)


_ADAPTER: TypeAdapter[Sensor] = TypeAdapter(Sensor)
