"""pydeck layers whose data and words stand elsewhere in the page."""

from __future__ import annotations

from typing import Any

from twin.viz.palette import SCENE_THEMES, rgb_of

#: Dots face the eye: their lower half would otherwise sink into the streets they stand on.
ON_TOP = {"depthCompare": "always"}
#: The ground hides nothing: what is drawn after lies above.
BENEATH = {"depthWriteEnabled": False}

#: What is drawn at one depth lies over the ground once, however often shapes overlap.
ONCE = {"depthWriteEnabled": True, "depthCompare": "less"}


def ref_text(name: str) -> str:
    """How a statement names what the page has."""
    return f"@@#{name}"


def word(text: str) -> Any:
    """A plain word for pydeck, which takes every other string for an expression."""
    import pydeck

    return pydeck.types.String(text)


def ref(name: str) -> Any:
    """The same as a word for pydeck."""
    return word(ref_text(name))


def layer(kind: str, layer_id: str, origin: tuple[float, float], *, data: str, **props: Any) -> Any:
    """One pydeck layer whose positions are degrees from the origin."""
    import pydeck

    words = {name: word(value) if isinstance(value, str) else value for name, value in props.items()}
    return pydeck.Layer(
        kind,
        ref_text(data),
        id=layer_id,
        coordinate_system=word("lnglat-offsets"),
        coordinate_origin=[origin[0], origin[1], 0],
        **words,
    )


def rgb(theme: str, name: str) -> list[int]:
    """Colour of a thing in a theme."""
    return list(rgb_of(SCENE_THEMES[theme][name]))
