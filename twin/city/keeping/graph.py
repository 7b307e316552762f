"""A street layer as a networkx graph in OSMnx's conventions, for analysis and exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twin.city.city import BRIDGE, STEPS, TUNNEL, StreetLayer
from twin.city.reading.road_classes import ROAD_CLASSES

if TYPE_CHECKING:
    import networkx as nx


def layer_graph(layer: StreetLayer) -> nx.MultiDiGraph:
    """Directed multigraph whose nodes are map ids and whose edges are the links of the layer.

    Nodes carry ``x``, ``y`` (metres), ``lon``, ``lat``, ``street_count`` and, where they apply,
    ``highway="traffic_signals"`` or ``"crossing"``. Edges carry ``osmid``, ``highway``, ``name``, ``oneway``,
    ``reversed``, ``lanes``, ``length`` (m), ``speed_kph``, ``travel_time`` (s), ``width`` (m), ``bridge``,
    ``tunnel``, ``geometry`` and ``link_index``, the row of the link in the layer. Functions of OSMnx that
    take a projected graph take this one.

    Raises
    ------
    ValueError
        If two nodes share an id, which a city never has.
    """
    import networkx as nx

    if len(np.unique(layer.node_id)) != layer.node_count:
        raise ValueError("two nodes of the layer share an id")
    graph = nx.MultiDiGraph(crs=layer.crs, simplified=True)
    pairs = set(zip(layer.link_from.tolist(), layer.link_to.tolist(), strict=True))
    street_count = np.zeros(layer.node_count, np.int64)
    for i, j in zip(layer.link_from.tolist(), layer.link_to.tolist(), strict=True):
        if i <= j or (j, i) not in pairs:
            street_count[i] += 1
            street_count[j] += 1
    for i in range(layer.node_count):
        node: dict[str, Any] = {
            "x": float(layer.x_m[i]),
            "y": float(layer.y_m[i]),
            "lon": float(layer.lon_deg[i]),
            "lat": float(layer.lat_deg[i]),
            "street_count": int(street_count[i]),
        }
        if layer.signal[i] or layer.crossing[i]:
            node["highway"] = "traffic_signals" if layer.signal[i] else "crossing"
        graph.add_node(int(layer.node_id[i]), **node)
    forward_seen: set[tuple[int, int, int]] = set()
    for link in range(layer.link_count):
        edge = _edge(layer, link)
        start, end = int(layer.link_from[link]), int(layer.link_to[link])
        edge["oneway"] = (end, start) not in pairs
        # Which of two directions was drawn first is not kept; the one from the lower node counts as drawn.
        edge["reversed"] = (end, start, edge["osmid"]) in forward_seen
        forward_seen.add((start, end, edge["osmid"]))
        graph.add_edge(int(layer.node_id[start]), int(layer.node_id[end]), **edge)
    return graph


def _edge(layer: StreetLayer, link: int) -> dict[str, Any]:
    """Attributes of one edge, without its direction."""
    from shapely import LineString

    shape = slice(int(layer.vertex_ptr[link]), int(layer.vertex_ptr[link + 1]))
    flags = int(layer.flags[link])
    edge: dict[str, Any] = {
        "osmid": int(layer.way_id[link]),
        "highway": ROAD_CLASSES[layer.road_class[link]],
        "length": float(layer.length_m[link]),
        "speed_kph": float(layer.free_speed_mps[link]) * 3.6,
        "travel_time": float(layer.free_time_s[link]),
        "geometry": LineString(np.column_stack([layer.vertex_x_m[shape], layer.vertex_y_m[shape]])),
        "link_index": link,
    }
    if layer.name_index[link] >= 0:
        edge["name"] = layer.names[layer.name_index[link]]
    if layer.lanes[link] > 0:
        edge["lanes"] = int(layer.lanes[link])
    if np.isfinite(layer.width_m[link]):
        edge["width"] = float(layer.width_m[link])
    for bit, key in ((BRIDGE, "bridge"), (TUNNEL, "tunnel"), (STEPS, "steps")):
        if flags & bit:
            edge[key] = "yes"
    return edge
