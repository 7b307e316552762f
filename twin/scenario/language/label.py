"""Words for people, in both languages."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, model_validator

from twin.params import Params


class Label(Params):
    """Words for people, in Japanese and English; one stands in for the other where it is missing."""

    ja: Annotated[str, Field(max_length=500)] = ""
    en: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"ja": value, "en": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _both(self) -> Self:
        if not self.ja or not self.en:
            object.__setattr__(self, "ja", self.ja or self.en)
            object.__setattr__(self, "en", self.en or self.ja)
        return self

    def to_dict(self) -> dict[str, str]:
        """``{"ja": …, "en": …}``."""
        return {"ja": self.ja, "en": self.en}


LabelField = Annotated[
    Label,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"ja": {"type": "string"}, "en": {"type": "string"}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
