"""Runs and studies in a notebook: the moving scene inline, and layers for maps."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.results.run_folder import Run, Study

Lang = Literal["ja", "en"]


@dataclass(frozen=True)
class InlineScene:
    """A page that a notebook shows where the cell ends.

    Attributes
    ----------
    page
        The whole page; it asks for nothing.
    height_px
        Height of its frame.
    """

    page: str
    height_px: int

    def _repr_html_(self) -> str:
        # A frame without the notebook's origin: the page's scripts reach nothing around it.
        return (
            f'<iframe srcdoc="{html.escape(self.page, quote=True)}" sandbox="allow-scripts" '
            f'style="width:100%;height:{self.height_px}px;border:0" title="twin"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<InlineScene, {len(self.page) / 1e6:.1f} MB: shown in notebooks; twin.view writes it as a file>"


def show(
    run: Study | Run,
    *,
    against: Study | Run | None = None,
    variant: str | Sequence[str] | None = None,
    replication: int = 0,
    lang: Lang = "ja",
    height_px: int = 640,
) -> InlineScene:
    """The moving scene of a run or of two, inline; parameters as in :func:`twin.service.view`.

    Raises
    ------
    RunError
        If a run is damaged, or two runs are of different cities or clocks.
    """
    from twin.service_scene import scene_of
    from twin.viz.scene_3d import scene_html

    parts, _ = scene_of(run, against, variant=variant, replication=replication)
    return InlineScene(scene_html(parts, lang=lang), height_px)


def layer(run: Run, name: str) -> gpd.GeoDataFrame:
    """One layer of a run; see :func:`twin.viz.geo_frames.layer_of`."""
    from twin.viz.geo_frames import layer_of

    return layer_of(run, name)
