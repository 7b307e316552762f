"""Points along links for the traces of sampled cars."""

from __future__ import annotations

from twin.jit import kernel


@kernel
def shares_along(vertex_ptr, step_m, out_share):
    """Share of its link's length at every vertex; ``step_m[v]`` are the metres from vertex v to the next."""
    for link in range(vertex_ptr.size - 1):
        first, end = vertex_ptr[link], vertex_ptr[link + 1]
        along_m = 0.0
        for v in range(first, end):
            out_share[v] = along_m
            if v + 1 < end:
                along_m += step_m[v]
        for v in range(first, end):
            out_share[v] = out_share[v] / along_m if along_m > 0.0 else (v - first) / max(end - first - 1, 1)


@kernel
def points_of(rows, time_s, from_link, to_link, on_link_s, layer, share, out_row, out_time_s, out_x_m, out_y_m):
    """Write the points after the start of each link that was left, and the very start at entry; how many.

    ``layer`` holds ``(link_from, x_m, y_m, vertex_ptr, vertex_x_m, vertex_y_m)``.
    """
    link_from, x_m, y_m, vertex_ptr, vertex_x_m, vertex_y_m = layer
    n = 0
    for row in rows:
        link = from_link[row]
        if link < 0:
            node = link_from[to_link[row]]
            out_row[n], out_time_s[n], out_x_m[n], out_y_m[n] = row, time_s[row], x_m[node], y_m[node]
            n += 1
            continue
        for v in range(vertex_ptr[link] + 1, vertex_ptr[link + 1]):
            out_row[n] = row
            out_time_s[n] = time_s[row] - on_link_s[row] * (1.0 - share[v])
            out_x_m[n], out_y_m[n] = vertex_x_m[v], vertex_y_m[v]
            n += 1
    return n
