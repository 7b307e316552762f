"""Travellers who change model: a walker rides and walks on, as itself, with nobody lost between.

Who walks hands over, who carries hands back; both use the functions here, so that a row is put together in one place.

* **Walking** announces a traveller when it decides to ride, at the latest a lead before it is at the stop
  (:func:`hand_over`). Carriers advance before walkers, so the row goes towards an earlier model: the lead stands in
  ``leads_s`` of the walking model, and is the least walk to a stop or the least wait at one. From then on the traveller
  is not inside walking: its account counts it as handed over.
* **Carrying** takes the rows due (``channels.take``), keeps travellers by their own id, and books a request for each
  under :func:`~twin.engine.ids.requests_of` its id, so that draws of a request never meet those of the person. When it
  gets off, or gives up, it goes back at that exact time (:func:`hand_back`); walkers advance later, so it acts in the
  same interval and needs no lead.
* **Accounts** of both say ``body="traveller"``: the ledger then holds travellers apart from vehicles, and a van
  counted for a walker is found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.arrays import Floats, Ids, Ints
from twin.engine.channels import Channels, Rows
from twin.engine.row_kinds import RowKind
from twin.errors import EngineError


def hand_over(
    channels: Channels, carrier: str, ids: Ids, at_s: Floats, places: Sequence[Ints], *, owner: int, now_s: float
) -> None:
    """Give travellers to a carrier.

    Parameters
    ----------
    channels
        Those of the run.
    carrier
        Name of the model that carries.
    ids : (n,) uint64
        Travellers.
    at_s : (n,) float64
        When each stands at its stop.
    places
        For each the places to go to, indices into ``City.places``: first where it stands, last where it gets off.
    owner
        Code of the model that gets them back.
    now_s
        When they are announced.

    Raises
    ------
    EngineError
        If somebody goes nowhere, or the carrier has already passed a moment.
    """
    for id_, way in zip(ids.tolist(), places, strict=True):
        if len(way) < 2 or way[0] == way[-1]:
            raise EngineError(
                f"the traveller {id_} wants to ride from a place to itself: {way.tolist()}",
                where=f"rows for {carrier}",
                mend="hand over only those who ride from one place to another",
            )
    rows = Rows.of(
        len(ids), paths=list(places), time_s=at_s, kind=RowKind.RIDE_ENTER, id=ids, bodies=1,
        a=[way[0] for way in places], b=owner, amount=now_s,
    )  # fmt: skip
    channels.send(carrier, rows)


def hand_back(
    channels: Channels, owner: str, taken: Rows, at_s: Floats, places: Ints, boarded_s: Floats
) -> None:  # fmt: skip
    """Give travellers back to the model that owns them.

    Parameters
    ----------
    channels
        Those of the run.
    owner
        Name of the model; all of ``taken`` are its.
    taken
        The rows by which they came.
    at_s : (n,) float64
        When each is on foot again, not before it was handed over.
    places : (n,) int32
        Where, index into ``City.places``.
    boarded_s : (n,) float64
        When each boarded, nan for those who were not carried.

    Raises
    ------
    EngineError
        If somebody would be back before it came, or its model has already passed the moment.
    """
    early = np.flatnonzero(at_s < taken.data["time_s"])
    if len(early):
        first = early[0]
        raise EngineError(
            f"the traveller {taken.data['id'][first]} came at {taken.data['time_s'][first]} s and would be back at "
            f"{at_s[first]} s",
            where=f"rows for {owner}",
            mend="hand travellers back at the moment at which they get off or give up",
        )
    rows = Rows.of(
        len(taken), time_s=at_s, kind=RowKind.RIDE_LEAVE, id=taken.data["id"], bodies=1, a=places,
        b=taken.data["b"], amount=taken.data["time_s"], since_s=boarded_s,
    )  # fmt: skip
    channels.send(owner, rows)
