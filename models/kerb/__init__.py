"""The kerb: vehicles that load, unload and set down at shops, their bays, and who watches them."""

from __future__ import annotations

from twin.model_card import ModelCard

MODEL = ModelCard(
    name="kerb",
    package=__name__,
    model="model:Kerb",
    params="params:KerbParams",
    tables="tables:TABLES",
    kpis="kpis",
    looks="looks:BODY_LOOKS",
    reported="looks:REPORTED",
    story="story:chapters",
    marks="marks:map_marks",
    estimate="params:KerbParams.estimate_agents",
    agent_s=2e-3,
    bodies={"kerb_vehicle": ("driving", "in_bay", "in_lane", "waiting")},
    drives=True,
    scaled_by=("deliveries.per_shop_day", "parcels.per_shop_day", "pickups.per_shop_day"),
)
