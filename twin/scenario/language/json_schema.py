"""JSON Schema of a scenario file, so that editors complete keys and mark faults while one writes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from twin.models import registry
from twin.params import Params
from twin.scenario.language.edits import CHANGES
from twin.scenario.language.label import Label
from twin.scenario.language.observed import ObservedSpec
from twin.scenario.language.questions import BudgetSpec, FindSpec, LimitSpec, QuestionSpec, UncertaintySpec
from twin.scenario.language.schema import CalibrationSpec, MeasureSpec, ScenarioHead, TableSpec, VariantSpec
from twin.scenario.language.validate import models_in
from twin.scenario.plan.assumptions import field_text

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FACTS = ("unit", "source", "grade", "fork")
#: Words and switches around the models; a grade on them would mean nothing.
_UNGRADED: tuple[type[BaseModel], ...] = (
    ScenarioHead,
    Label,
    MeasureSpec,
    TableSpec,
    VariantSpec,
    BudgetSpec,
    CalibrationSpec,
    FindSpec,
    LimitSpec,
    ObservedSpec,
    QuestionSpec,
    UncertaintySpec,
)
_CHANGES = {
    "type": "object",
    "description": "dotted key -> value, for example terminal.opening: [08:30-16:30]; nested keys do as well",
}
_GRADED = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "value": True,
        "range": {"type": "array", "minItems": 2, "maxItems": 2, "description": "least and greatest value in doubt"},
        "grade": {"enum": ["V", "D", "M", "G"], "description": "V read, D derived, M remembered, G guess"},
        "source": {"type": "string"},
        "note": {"type": "string"},
    },
    "additionalProperties": False,
    "description": "a value with what is known of it",
}


def json_schema() -> dict[str, Any]:
    """Schema of the whole file, made from the same classes that check it.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12. Any scalar of a model may also be written
        ``{value, range, grade, source, note}``.
    """
    definitions: dict[str, Any] = {"Graded": _GRADED}
    top = _section(ScenarioHead, "scenario", definitions)
    for spec in (MeasureSpec, VariantSpec):
        # Changes are resolved apart from the class, so the class does not know their key.
        definitions[f"scenario.{spec.__name__}"]["properties"]["set"] = _CHANGES
    # Which keys an edit may have depends on its change; editors are offered all of them.
    measure = definitions["scenario.MeasureSpec"]["properties"]
    measure["change"] = {"enum": list(CHANGES), "description": "what is changed in the city; needs where"}
    for edit in CHANGES.values():
        measure.update(
            {
                key: value
                for key, value in _section(edit, "scenario", definitions)["properties"].items()
                if key not in measure
            }
        )
    # `base:` with nothing behind it is a variant like any other.
    variants = top["properties"]["variants"]
    variants["additionalProperties"] = {"anyOf": [variants["additionalProperties"], {"type": "null"}]}
    for name in registry.ORDER:
        model: type[Params] = registry.params_class(name)
        definitions[name] = _section(model, name, definitions)
        top["properties"][name] = {
            "description": (model.__doc__ or "").strip().split("\n")[0],
            "anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}],
        }
    return {"$schema": _DIALECT, "title": "twin scenario", **top, "$defs": dict(sorted(definitions.items()))}


def _section(model: type[Params], section: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Schema of one class; the classes below it go into the definitions under the section's name.

    Two models may each have a class ``Demand``; the prefix keeps them apart.
    """
    schema = model.model_json_schema(by_alias=True, mode="validation", ref_template=f"#/$defs/{section}." + "{model}")
    classes = {cls.__name__: cls for cls in _classes_below(model)}
    for name, definition in schema.pop("$defs", {}).items():
        definitions[f"{section}.{name}"] = _for_people(definition, classes.get(name))
    return _for_people(schema, model)


def _classes_below(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Every parameter class a class is made of."""
    found: list[type[BaseModel]] = []
    waiting = [model]
    while waiting:
        for info in waiting.pop().model_fields.values():
            fresh = [cls for cls in models_in(info.annotation) if cls not in found]
            found.extend(fresh)
            waiting.extend(fresh)
    return found


def _for_people(schema: dict[str, Any], cls: type[BaseModel] | None) -> dict[str, Any]:
    """A class's schema with told defaults instead of SI ones that editors would insert, scalars gradable."""
    out = {key: value for key, value in schema.items() if key not in ("title", "default")}
    if cls is not None and "properties" in out:
        shown = {info.alias or name: info for name, info in cls.model_fields.items()}
        out["properties"] = {
            key: _property(value, shown.get(key), gradable=cls not in _UNGRADED)
            for key, value in out["properties"].items()
        }
    return out


def _property(schema: dict[str, Any], info: Any, *, gradable: bool) -> dict[str, Any]:
    clean = {key: value for key, value in schema.items() if key not in ("title", "default", "description", *_FACTS)}
    description = _description(schema, info)
    told = {"description": description} if description else {}
    if not gradable or not _is_scalar(clean):
        return {**told, **clean}
    return {**told, "anyOf": [clean, {"$ref": "#/$defs/Graded", "properties": {"value": clean}}]}


def _description(schema: dict[str, Any], info: Any) -> str:
    """What a key means, its default as people write it, and where that comes from."""
    words = [str(schema.get("description", ""))]
    if info is not None and not info.is_required():
        default = field_text(info.get_default(call_default_factory=True), info)
        if default and default not in ("[]", "{}", "none") and len(default) <= 200:
            words.append(f"default {default}")
    if "grade" in schema:
        words.append(f"grade {schema['grade']}, {schema['source']}")
    return "; ".join(word for word in words if word)


def _is_scalar(schema: dict[str, Any]) -> bool:
    if "anyOf" in schema:
        return any(_is_scalar(branch) for branch in schema["anyOf"])
    return schema.get("type") in ("string", "number", "integer", "boolean") or "enum" in schema or "const" in schema
