"""Bookings: when they are made and for when, by which channel, and whether they are kept; drawn by the request's id."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.engine.draws import event, make_stream, uniforms
from twin.models.transit.dispatch.insertion_kernels import TOO_EARLY, TOO_LATE
from twin.models.transit.fleet.rows import AGE_GROUPS, CHANNELS, Requests
from twin.models.transit.service.calls import answer_calls, within_hours
from twin.models.transit.service.params import Booking

#: Nearest booking ahead: what is nearer is an immediate request (G).
_NEAREST_S = 1800.0
#: Columns of a table of requests that tell of bookings.
BOOKING_COLUMNS = ("booked_at", "arrive_by", "cancelled_at", "no_show", "channel", "step_free")
_PHONE = CHANNELS.index("phone")


def book(requests: Requests, params: Booking, run_seed: np.uint64, *, has_places: bool) -> Requests:
    """Turn requests for a moment into bookings, in the order in which they are made.

    Parameters
    ----------
    requests
        With ``asked_s`` as the moment for which a ride is wanted, walks and parties filled in.
    has_places
        Whether vans have places for wheelchairs, so that one takes a place and no seat.
    """
    ids = requests["id"]

    def drawn(purpose: str) -> Floats:
        values: Floats = uniforms(make_stream(run_seed, purpose), ids, event(0))
        return values

    wanted_s = requests["asked_s"].copy()
    ahead = drawn("transit.ahead") < params.ahead_share
    lead_s = np.clip(-params.lead_mean_s * np.log(drawn("transit.lead")), _NEAREST_S, params.at_most_s)
    called_s = np.where(ahead, wanted_s - lead_s, wanted_s)
    by_phone = drawn("transit.channel") < params.phone.share
    # Who calls for a later ride does so while the phone is answered: in the hours before.
    called_s = np.where(ahead & by_phone, within_hours(called_s, params.phone.hours, drawn("transit.call")), called_s)
    by_arrival = ahead & (drawn("transit.arrive_by") < params.arrive_by_share)
    _set(requests, called_s, wanted_s, ahead, by_arrival)
    fate = drawn("transit.fate")
    requests["no_show"] = fate < params.no_show_share
    cancels = (fate >= params.no_show_share) & (fate < params.no_show_share + params.cancel_share)
    # Taken back at any moment from the booking to when it is wanted; at once within five minutes.
    span_s = np.maximum(wanted_s - called_s, 300.0)
    requests["cancel_s"] = np.where(cancels, called_s + drawn("transit.cancel") * span_s, np.nan)
    requests["channel"][by_phone] = _PHONE
    return _finish(requests, params, has_places)


def book_table(
    requests: Requests, columns: Mapping[str, NDArray[np.generic]], params: Booking, *, has_places: bool
) -> Requests:
    """Bookings of a table: ``booked_at``, ``arrive_by``, ``cancelled_at``, ``no_show``, ``channel``, ``step_free``.

    Parameters
    ----------
    requests
        In the order of the table, with ``asked_s`` as its column ``time``.
    columns
        What the table has of these, rows as in ``requests``.
    """
    wanted_s = requests["asked_s"].copy()
    booked_s = np.asarray(columns.get("booked_at", wanted_s), np.float64)
    booked_s = np.where(np.isfinite(booked_s), booked_s, wanted_s)
    arrive_by_s = np.asarray(columns.get("arrive_by", np.full(len(requests), np.nan)), np.float64)
    ahead = wanted_s - booked_s > 0
    _set(requests, booked_s, np.where(np.isfinite(arrive_by_s), arrive_by_s, wanted_s), ahead, np.isfinite(arrive_by_s))
    late = (booked_s > wanted_s) & ~np.isfinite(arrive_by_s)
    requests["reason"][late] = TOO_LATE
    requests["reason"][wanted_s - booked_s > params.at_most_s] = TOO_EARLY
    if "cancelled_at" in columns:
        requests["cancel_s"] = np.asarray(columns["cancelled_at"], np.float64)
    for name in ("no_show", "step_free"):
        if name in columns:
            requests[name] = np.asarray(columns[name]).astype(bool)
    if "channel" in columns:
        requests["channel"] = np.where(np.asarray(columns["channel"]).astype(str) == "phone", _PHONE, 0)
    return _finish(requests, params, has_places)


def _set(
    requests: Requests, called_s: Floats, wanted_s: Floats, ahead: NDArray[np.bool_], by_arrival: NDArray[np.bool_]
) -> None:
    requests["asked_s"] = requests["called_s"] = called_s
    requests["booked"] = ahead
    # Who books ahead is at the stop at the time booked; others set off when they ask.
    requests["ready_s"] = np.where(ahead, wanted_s, called_s + requests["walk_s"])
    requests["since_s"] = np.where(ahead, wanted_s, called_s)
    requests["arrive_by_s"] = np.where(by_arrival, wanted_s, np.nan)
    requests["ready_s"] = np.where(by_arrival, called_s + requests["walk_s"], requests["ready_s"])


def _finish(requests: Requests, params: Booking, has_places: bool) -> Requests:
    """Answer calls, say what of a van each takes, and sort by the moment of asking."""
    order = np.lexsort((requests["id"], requests["called_s"]))
    requests = requests[order]
    phone = np.flatnonzero(requests["channel"] == _PHONE)
    if len(phone):
        desk = params.phone
        made_s, reason = answer_calls(
            requests["called_s"][phone], desk.hours, int(desk.operators), desk.handling_s, desk.patience_s
        )
        held_s = made_s - requests["called_s"][phone]
        at_once = requests["booked"][phone] == 0
        requests["asked_s"][phone] = made_s
        for name in ("since_s", "ready_s"):
            requests[name][phone] += np.where(at_once, held_s, 0.0)
        requests["reason"][phone] = np.where(reason > 0, reason, requests["reason"][phone])
    wheels = requests["age_group"] == AGE_GROUPS.index("wheelchair")
    requests["step_free"] |= wheels.astype(np.uint8) if has_places else np.uint8(0)
    if has_places:
        requests["chairs"] = wheels
        requests["seats"] = requests["party"] - wheels
    return requests[np.lexsort((requests["id"], requests["asked_s"]))]
