"""The kerb of Midosuji between Nagahori and the Dotonbori river on the bundled map, for tests."""

from __future__ import annotations

from functools import cache

import numpy as np

from twin.city.keeping.catalogue import find_city
from twin.engine.city_model import CityModel
from twin.engine.draws import make_run_seed
from twin.models.kerb.model import Kerb
from twin.models.kerb.params import KerbParams
from twin.models.road_traffic.model import RoadTraffic
from twin.models.road_traffic.params import RoadParams

STRETCH = {"street": "御堂筋", "between": ["長堀通", "宗右衛門町通"]}
BOTH = {
    "frontages": {side: {**STRETCH, "side": side, "shops": 30} for side in ("west", "east")},
    "bays": {side: {**STRETCH, "side": side, "pockets": 4, "bays_each": 1} for side in ("west", "east")},
}
BUSY = {
    **BOTH, "cameras": {"count": 3}, "guards": {"count": 2}, "patrols": {"count": 2},
    "deliveries": {"per_shop_day": 15, "wait": 0.2, "search": 0.3, "double_park": 0.4},
}  # fmt: skip


@cache
def midosuji():
    """The bundled district."""
    return find_city("osaka_midosuji")


def params_of(**more):
    """Parameters of a small busy kerb."""
    return KerbParams.model_validate({**BOTH, **more})


def kerb_city(params, form="free_flow", *, hours=(9.0, 10.5), step_s=10.0, replication=0, agents=None, traces=0.0):
    """City of road and kerb: the Mesa model, and the kerb."""
    city = midosuji()
    kerb = Kerb.build(params, city, {})
    road = RoadTraffic.build(RoadParams(form=form), city, {})
    model = CityModel(
        [road, kerb], start_s=hours[0] * 3600, end_s=hours[1] * 3600, step_s=step_s,
        run_seed=make_run_seed(20261121, replication), trace_share=traces, agents=agents,
    )  # fmt: skip
    return model, kerb


def run(model, kerb, hours=12.5):
    """Run to an hour, and give the tables of the kerb."""
    while model.now_s < hours * 3600:
        model.step()
    kerb.finish()
    return kerb.drain_tables()


def as_bytes(tables):
    """Rows of every table in an order of their own, to be compared."""
    return {
        name: sorted(zip(*[map(repr, np.asarray(column).tolist()) for column in table.values()], strict=True))
        for name, table in tables.items()
    }
