"""From a :class:`RoadNetwork` to the arrays of the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.errors import CityError
from twin.models.road_traffic.queueing.arrays import (
    BAY,
    CLASS,
    EDIT,
    EDIT_ENTRY_HEADWAY,
    EDIT_ENTRY_OPEN,
    EDIT_EXIT_OPEN,
    EDIT_LINE_HEADWAY,
    EDIT_SPEED,
    EDIT_STORAGE,
    GROUP,
    LINE,
    LINK,
    MOVE,
    ORIGIN,
    POCKET,
    QUEUE,
    STOP,
    VEHICLE,
    Edits,
    Records,
    Road,
    Vehicles,
    records,
)
from twin.models.road_traffic.queueing.network import RoadNetwork


def capacity_per_s(network: RoadNetwork) -> Floats:
    """(m,) float64: capacity of each link from its diagram, in car units per second."""
    u, w = network.column("speed_mps"), network.column("wave_speed_mps")
    kappa = network.column("jam_density_per_m")
    return np.asarray(network.column("lanes") * u * kappa * w / (u + w))


def storage_units(network: RoadNetwork, lanes: Floats | None = None) -> Floats:
    """(m,) float64: car units that fill each link; at least the largest vehicle."""
    count = network.column("lanes") if lanes is None else lanes
    units = np.round(network.column("jam_density_per_m") * network.column("length_m") * count, 9)
    return np.maximum(np.ceil(units) if network._whole_storage else units, float(network._sizes.max()))


def build_road(network: RoadNetwork, start_s: float, *, may_have_gates: bool = False) -> Road:
    """Arrays of the empty network at the start.

    Raises
    ------
    CityError
        If there is no link, or a turn queue leads where no turn does.
    """
    if network.link_count == 0:
        raise CityError("the network has no link", mend="add links before running")
    from_node, to_node = network.column("from_node").astype(np.int32), network.column("to_node").astype(np.int32)
    queues = _Queues(network, from_node, to_node)
    links = _links(network, queues, from_node, to_node)
    moves = _moves(network, queues, links)
    lines, servers = _lines(network, queues)
    node = np.where(queues.rows["kind"] == ORIGIN, from_node[queues.rows["link"]], to_node[queues.rows["link"]])
    source_ptr = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=len(network.node_index)))])
    classes = records(len(network._sizes), CLASS)
    classes["units"], classes["speed_mps"] = network._sizes, network._speeds
    ring = int(links["ring_room"].sum(dtype=np.int64))
    most = int(np.diff(source_ptr).max())
    gates = len(network._gated)
    return Road(
        links=links,
        queues=queues.rows,
        lines=lines,
        moves=moves,
        classes=classes,
        node_next_s=np.full(len(network.node_index), np.inf),
        node_source_ptr=source_ptr,
        node_source=np.argsort(node, kind="stable").astype(np.int32),
        ring_exit_s=np.zeros(ring),
        ring_class=np.zeros(ring, np.uint8),
        ring_gate_s=np.full(ring if gates or may_have_gates else 0, -np.inf),
        server_free_s=np.full(servers, -np.inf),
        source_time_s=np.zeros(most),
        source_move=np.zeros(most, np.int32),
        source_to=np.zeros(most, np.int32),
        time_s=np.array([start_s]),
        release_after_s=np.array([network._release_after_s]),
        counts=np.array([0, 0, 0, gates]),
    )


def _links(network: RoadNetwork, queues: _Queues, from_node: Ints, to_node: Ints) -> Records:
    links = records(network.link_count, LINK)
    capacity = capacity_per_s(network)
    storage = storage_units(network)
    room = np.ceil(_largest_storage(network, storage) / network._sizes.min()).astype(np.int64) + 2
    links["from_node"], links["to_node"] = from_node, to_node
    links["length_m"], links["speed_mps"] = network.column("length_m"), network.column("speed_mps")
    links["lag_s"] = network.column("length_m") / network.column("wave_speed_mps")
    links["storage"] = storage
    links["entry_headway_s"] = 1.0 / np.minimum(capacity, network.column("entry_per_s"))
    links["lane_headway_s"] = 1.0 / capacity
    links["next_entry_s"] = links["lane_next_s"] = links["gate_s"] = -np.inf
    links["ring_room"], links["ring_start"] = room, np.cumsum(room) - room
    links["queue"], links["queue_count"], links["bay"] = queues.first, queues.count, queues.bay
    links["free_s"] = links["length_m"] / links["speed_mps"]
    links["entry_open"], links["passing"] = 1, network.column("overtaking")
    return links


def _largest_storage(network: RoadNetwork, storage: Floats) -> Floats:
    largest = storage.copy()
    for _, what, link, _, value in network._edits:
        if what == "lanes":
            lanes = network.column("lanes").copy()
            lanes[link] = value
            largest[link] = max(largest[link], storage_units(network, lanes)[link])
    return largest


class _Queues:
    """All queues: those of links first (one per link and turn queue), then pockets, bays, origins."""

    def __init__(self, network: RoadNetwork, from_node: Ints, to_node: Ints) -> None:
        m = network.link_count
        own: dict[int, list[Any]] = {
            link: [q for q in queues if q.pocket is None] for link, queues in network._turn_queues.items()
        }
        count = np.ones(m, np.int32)
        for link, turn_queues in own.items():
            count[link] += len(turn_queues)
        self.count = count
        self.first = (np.cumsum(count) - count).astype(np.int32)
        groups = int(count.sum())
        #: (link, link entered) -> queue, for turns with a queue of their own, and the same for pockets.
        self.of_turn: dict[tuple[int, int], int] = {}
        self.pocket_of_turn: dict[tuple[int, int], int] = {}
        self.capacity: dict[int, float] = {}
        for link, turn_queues in sorted(own.items()):
            for i, turn_queue in enumerate(turn_queues):
                self._enlist(self.of_turn, link, turn_queue, int(self.first[link]) + 1 + i, from_node, to_node)
        pockets: list[tuple[int, float]] = []
        for link, turn_queues in sorted(network._turn_queues.items()):
            for turn_queue in turn_queues:
                if turn_queue.pocket is not None:
                    self._enlist(self.pocket_of_turn, link, turn_queue, groups + len(pockets), from_node, to_node)
                    pockets.append((link, turn_queue.pocket))
        bays = sorted(network._bays)
        sizes = (groups, len(pockets), len(bays), m)
        self.line_count = groups + len(pockets)
        self.first_origin = sum(sizes) - m
        self.bay = np.full(m, -1, np.int32)
        self.bay[bays] = self.line_count + np.arange(len(bays))
        rows = records(sum(sizes), QUEUE)
        rows["left_s"] = rows["gate_s"] = -np.inf
        rows["link"] = np.concatenate(
            [
                np.repeat(np.arange(m), count),
                np.array([link for link, _ in pockets], int),
                np.array(bays, int),
                np.arange(m),
            ]
        )
        rows["kind"] = np.repeat(np.array([GROUP, POCKET, BAY, ORIGIN], np.uint8), sizes)
        rows["line"] = np.concatenate([np.arange(self.line_count), self.first[bays], np.full(m, -1)])
        rows["rank"][self.bay[bays]] = [-1 if network._bays[link] else 1 for link in bays]
        rows["first"] = rows["last"] = -1
        rows["ready_s"] = rows["room"] = np.inf
        rows["room"][groups : self.line_count] = [room for _, room in pockets]
        rows["open_s"] = -np.inf
        self.rows = rows

    def _enlist(
        self, table: dict[tuple[int, int], int], link: int, turn_queue: Any, queue: int, from_node: Ints, to_node: Ints
    ) -> None:
        for to in turn_queue.to_links:
            if from_node[to] != to_node[link]:
                raise CityError(f"a turn queue of link {link} leads to link {to}, which starts elsewhere")
            table[link, to] = queue
        if turn_queue.capacity_per_s is not None:
            self.capacity[queue] = turn_queue.capacity_per_s

    def line_of(self, link: int, to_link: int | None) -> int:
        """Stop line of a link, or of the queue or pocket of one of its turns."""
        if to_link is not None:
            for table in (self.pocket_of_turn, self.of_turn):
                if (link, to_link) in table:
                    return table[link, to_link]
            raise CityError(
                f"the turn from link {link} to link {to_link} has no queue of its own", mend="add_turn_queue first"
            )
        return int(self.first[link])


def _lines(network: RoadNetwork, queues: _Queues) -> tuple[Records, int]:
    """Stop lines, and the number of all servers."""
    lines = records(queues.line_count, LINE)
    exit_per_s = np.minimum(capacity_per_s(network), network.column("exit_per_s"))
    lines["headway_s"] = 1.0 / exit_per_s[queues.rows["link"][: queues.line_count]]
    lines["next_s"], lines["open"] = -np.inf, 1
    for queue, capacity in queues.capacity.items():
        lines["headway_s"][queue] = 1.0 / capacity
    for link, to_link, cycle_s, offset_s, green_s in network._signals:
        at = _lines_of(queues, link, to_link)
        lines["cycle_s"][at], lines["offset_s"][at], lines["green_s"][at] = cycle_s, offset_s, green_s
    servers = np.zeros(queues.line_count, np.int64)
    for link, to_link, count, service_s in network._servers:
        line = queues.line_of(link, to_link)
        servers[line], lines["service_s"][line] = count, service_s
    lines["server_end"] = np.cumsum(servers)
    lines["server_start"] = lines["server_end"] - servers
    for link, to_link in network._gated:
        lines["gated"][queues.line_of(link, to_link)] = 1
    return lines, int(servers.sum())


def _lines_of(queues: _Queues, link: int, to_link: int | None) -> list[int]:
    """The line of one turn, or all lines at the end of a link."""
    if to_link is not None:
        return [queues.line_of(link, to_link)]
    return np.flatnonzero(queues.rows["link"][: queues.line_count] == link).tolist()


def _moves(network: RoadNetwork, queues: _Queues, links: Records) -> Records:
    """All turns of every link in the order of links, then one movement per origin; links learn where theirs are."""
    m = network.link_count
    from_node, to_node = links["from_node"], links["to_node"]
    by_from = np.argsort(from_node, kind="stable")
    out_ptr = np.concatenate([[0], np.cumsum(np.bincount(from_node, minlength=len(network.node_index)))])
    counts = (out_ptr[to_node + 1] - out_ptr[to_node]).astype(np.int64)
    move_link = np.repeat(np.arange(m), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    move_to = by_from[out_ptr[to_node[move_link]] + within]
    if network._banned:
        turns = zip(move_link.tolist(), move_to.tolist(), strict=True)
        allowed = np.array([turn not in network._banned for turn in turns], bool)
        move_link, move_to = move_link[allowed], move_to[allowed]
    links["move_end"] = np.cumsum(np.bincount(move_link, minlength=m))
    links["move_start"] = links["move_end"] - np.bincount(move_link, minlength=m)
    moves = records(len(move_to) + m, MOVE)
    moves["to_link"] = np.concatenate([move_to, np.arange(m)])
    moves["queue"] = np.concatenate([queues.first[move_link], queues.first_origin + np.arange(m)])
    moves["pocket"] = -1
    moves["inverse_weight"] = np.concatenate([1.0 / network.column("merge_weight")[move_link], np.ones(m)])
    for table, name in ((queues.of_turn, "queue"), (queues.pocket_of_turn, "pocket")):
        for (link, to), q in table.items():
            turns_of = moves[links["move_start"][link] : links["move_end"][link]]
            turns_of[name][turns_of["to_link"] == to] = q
    return moves


def new_vehicles(network: RoadNetwork) -> tuple[Vehicles, Floats, Ints]:
    """Arrays of all vehicles, their departures, and first links (or ``-1 - node`` where they find their own way)."""
    batches = network._batches
    n = network._vehicle_count

    def joined(name: str, dtype: Any) -> NDArray[Any]:
        parts = [getattr(batch, name) for batch in batches]
        return np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype)

    lengths = np.concatenate([np.diff(b.path_ptr) for b in batches]) if batches else np.empty(0, np.int64)
    start = np.cumsum(lengths) - lengths
    pool = joined("path", np.int32)
    origin, end_node = joined("origin", np.int32), joined("destination", np.int32)
    destination = np.full(n, -1, np.int32)
    finds = origin >= 0
    if finds.any():
        destination[finds] = np.unique(end_node[finds], return_inverse=True)[1]
    first = -1 - origin
    first[~finds] = pool[start[~finds]]
    stops = [(v + base, *rest) for base, b in zip(_bases(network), batches, strict=True) for v, *rest in b.stops]
    stop_rows = records(len(stops), STOP)
    for name, place in (("hop", 1), ("dwell_s", 2), ("bay", 3)):
        stop_rows[name] = [stop[place] for stop in stops]
    counts = np.bincount([s[0] for s in stops], minlength=n) if stops else np.zeros(n, np.int64)
    veh = new_vehicle_records(n)
    veh["key"], veh["vehicle_class"] = joined("key", np.uint64), joined("vehicle_class", np.uint8)
    veh["destination"], veh["path_start"], veh["path_len"] = destination, start, lengths
    veh["stop_end"] = np.cumsum(counts)
    veh["stop"] = veh["stop_end"] - counts
    return Vehicles(veh, pool, stop_rows), joined("depart_s", np.float64), first


def new_vehicle_records(count: int) -> Records:
    """Records of vehicles that have not started."""
    veh = records(count, VEHICLE)
    for name in ("hop", "link", "move", "after", "before", "destination"):
        veh[name] = -1
    veh["ready_s"] = veh["queued_s"] = np.inf
    return veh


def destinations(network: RoadNetwork) -> Ints:
    """Distinct destination nodes of the vehicles that find their own way, ascending."""
    parts = [b.destination[b.origin >= 0] for b in network._batches]
    return np.unique(np.concatenate(parts)).astype(np.int32) if parts else np.empty(0, np.int32)


def _bases(network: RoadNetwork) -> list[int]:
    sizes = [len(b.depart_s) for b in network._batches]
    return (np.cumsum(sizes) - sizes).astype(int).tolist() if sizes else []


def build_edits(network: RoadNetwork, road: Road) -> Edits:
    """Edits as changes of array entries, in the order of time; of one moment in the order of adding.

    Storage does not change at once. A wave that reaches the entry of a link at t has passed the jam density of each
    moment since t - L/w, so that the entry rule holds with the mean storage over that time; see :func:`_phased`.
    """
    queues = _Queues(network, road.links["from_node"], road.links["to_node"])
    headway_s = road.lines["headway_s"]
    rows: list[tuple[float, int, int, float]] = []
    base_lanes, capacity = network.column("lanes"), capacity_per_s(network)
    lanes_now = base_lanes.copy()
    exit_now = network.column("exit_per_s").copy()
    changes: dict[int, list[tuple[float, float]]] = {}
    for at_s, what, link, to_link, value in sorted(network._edits, key=lambda edit: edit[0]):
        lines = _lines_of(queues, link, to_link)
        if what == "exit":
            rows += [(at_s, EDIT_EXIT_OPEN, line, value) for line in lines]
        elif what == "entry":
            rows.append((at_s, EDIT_ENTRY_OPEN, link, value))
        elif what == "speed":
            rows.append((at_s, EDIT_SPEED, link, value))
        else:
            before = min(capacity[link] * lanes_now[link] / base_lanes[link], exit_now[link])
            if what == "lanes":
                lanes_now[link] = value
                full = capacity[link] * value / base_lanes[link]
                rows.append((at_s, EDIT_ENTRY_HEADWAY, link, 1.0 / min(full, network.column("entry_per_s")[link])))
                changes.setdefault(link, []).append((at_s, float(storage_units(network, lanes_now)[link])))
            else:
                exit_now[link] = value
            after = min(capacity[link] * lanes_now[link] / base_lanes[link], exit_now[link])
            # Turn queues with a capacity of their own keep their share of the whole.
            scale = 1.0
            for _, kind, line, headway in rows:
                if kind == EDIT_LINE_HEADWAY and line == lines[0]:
                    scale = headway / headway_s[line]
            rows += [(at_s, EDIT_LINE_HEADWAY, i, headway_s[i] * scale * before / after) for i in lines]
    for link, steps in changes.items():
        storage, lag_s = float(road.links["storage"][link]), float(road.links["lag_s"][link])
        rows += [(at_s, EDIT_STORAGE, link, value) for at_s, value in _phased(storage, steps, lag_s)]
    rows.sort(key=lambda row: row[0])
    out = records(len(rows), EDIT)
    for i, (at_s, kind, index, value) in enumerate(rows):
        out[i] = (at_s, value, kind, index)
    return Edits(out, np.zeros(1, np.int64))


def _phased(storage: float, changes: list[tuple[float, float]], lag_s: float) -> list[tuple[float, float]]:
    """Storage by which the entry rule goes after each moment, from changes of the link's own storage.

    The mean over the last wave lag falls or rises linearly for a lag after each change; here in steps of a car unit,
    down as soon as there is no whole unit left, up when there is one.
    """
    parts: list[tuple[float, float]] = []
    now = storage
    for at_s, value in changes:
        count = int(np.ceil(abs(value - now) - 1e-9))
        first = 1 if value > now else 0
        parts += [(at_s + (k + first) * lag_s / count, (value - now) / count) for k in range(count)]
        now = value
    parts.sort()
    total = storage + np.cumsum([part for _, part in parts])
    return [(at_s, float(units)) for (at_s, _), units in zip(parts, np.round(total, 9), strict=True)]
