"""Accounts that close, and ids from separate ranges."""

from __future__ import annotations

import numpy as np
import pytest

from twin.engine.ids import (
    FIRST_INSTALLED,
    Kind,
    first_ids,
    kinds_of,
    make_id,
    make_ids,
    origins_of,
    requests_of,
    serials_of,
)
from twin.engine.ledger import Account, check_accounts, check_channels
from twin.errors import EngineError


def test_an_account_that_closes_passes_and_one_that_does_not_names_every_number():
    good = Account("trucks", 10, 3, {"served": 6, "refused": 2}, received=4, handed_over=3)
    check_accounts("terminal", [good], 0.0)
    bad = Account("trucks", 10, 3, {"served": 6, "refused": 2}, received=4, handed_over=2)
    with pytest.raises(EngineError, match=r"terminal.*trucks.*entered 10.*received 4.*inside 3.*handed over 2"):
        check_accounts("terminal", [bad], 37800.0)


def test_what_is_handed_over_must_be_received_or_under_way():
    accounts = [Account("a", 5, 2, received=0, handed_over=3), Account("b", 0, 2, received=2)]
    check_channels(accounts, {"vehicle": 1, "traveller": 0}, 0.0)
    with pytest.raises(EngineError, match="handed over 3 is not received 2"):
        check_channels(accounts, {"vehicle": 0, "traveller": 0}, 0.0)


def test_a_vehicle_received_for_a_traveller_is_found():
    accounts = [
        Account("a", 5, 2, handed_over=3, body="traveller"),
        Account("b", 0, 2, received=2, body="traveller"),
        Account("b", 0, 1, received=1),
    ]
    with pytest.raises(EngineError, match="for a vehicle: handed over 0 is not received 1"):
        check_channels(accounts, {"vehicle": 0, "traveller": 0}, 0.0)


def test_ids_of_different_kinds_and_origins_never_meet():
    ids = {int(i) for kind in Kind for origin in (0, 1, 2**24 - 1) for i in make_ids(kind, origin, 50)}
    assert len(ids) == len(Kind) * 3 * 50


def test_an_origin_or_serial_out_of_range_is_refused():
    with pytest.raises(ValueError, match="out of range"):
        make_id(Kind.CAR, 1 << 24, 0)
    with pytest.raises(ValueError, match="out of range"):
        make_ids(Kind.CAR, 0, 2, first_serial=(1 << 32) - 1)
    for kind in (0, 256):
        with pytest.raises(ValueError, match="out of range"):
            make_id(kind, 0, 0)
    assert max(Kind) < FIRST_INSTALLED


def test_first_ids_are_those_of_their_origins():
    origins = np.array([0, 5, 2**24 - 1])
    assert first_ids(Kind.TRUCK, origins).tolist() == [int(make_id(Kind.TRUCK, int(o), 0)) for o in origins]
    assert first_ids(Kind.TRUCK, origins[:0]).tolist() == []
    for origin in (-1, 1 << 24):
        with pytest.raises(ValueError, match="out of range"):
            first_ids(Kind.TRUCK, np.array([3, origin]))


def test_origins_and_serials_come_back_from_ids():
    for kind, origin, serial in ((Kind.CAR, 0, 0), (Kind.BOOKING, 2**24 - 1, 2**32 - 1), (Kind.VAN, 5, 17)):
        ids = np.array([make_id(kind, origin, serial)], np.uint64)
        assert (int(origins_of(ids)[0]), int(serials_of(ids)[0])) == (origin, serial)
        assert int(kinds_of(ids)[0]) == kind
        request = requests_of(ids)
        assert int(request[0]) == int(make_id(Kind.REQUEST, origin, serial))
