"""Nobody is lost: at every instant entered = inside + left, by reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from twin.engine.clock import clock_text
from twin.engine.row_kinds import Body
from twin.errors import EngineError


@dataclass(frozen=True)
class Account:
    """What one model says of one kind of body or request at an instant.

    Attributes
    ----------
    name
        ``"trucks"``, ``"walkers"``, ``"vans"``, ``"requests"`` …; one account per model and name.
    entered
        Created by this model since the start.
    inside
        In this model now, counted from its state, not derived from the other numbers.
    left
        Gone for good from this model, by reason. For requests the reasons are
        ``served``, ``refused`` and ``cancelled``, and ``inside`` is what is still open.
    received, handed_over
        Taken from and given to other models as rows, since the start.
    body
        What is handed over; the ledger between models holds both apart.
    """

    name: str
    entered: int
    inside: int
    left: Mapping[str, int] = field(default_factory=dict)
    received: int = 0
    handed_over: int = 0
    body: Body = "vehicle"


def check_accounts(model_name: str, accounts: Iterable[Account], now_s: float) -> None:
    """Check that every account of a model closes.

    Raises
    ------
    EngineError
        Naming the model, the account and the instant, with all the numbers.
    """
    for account in accounts:
        left = sum(account.left.values())
        if account.entered + account.received != account.inside + left + account.handed_over:
            raise EngineError(
                f"the ledger of {model_name} does not close for {account.name}: entered {account.entered} + "
                f"received {account.received} is not inside {account.inside} + left {dict(account.left)} + "
                f"handed over {account.handed_over}",
                where=f"{model_name}, {clock_text(now_s)}",
                mend="this is a fault of the model, not of the scenario; please report it with the scenario",
            )


def check_channels(totals: Iterable[Account], under_way: Mapping[Body, int], now_s: float) -> None:
    """Check that what all models handed over is what they received plus what is under way, of each kind of body.

    Parameters
    ----------
    totals
        Accounts of all models.
    under_way
        Bodies in rows that no model has taken yet.
    now_s
        The instant.

    Raises
    ------
    EngineError
        Naming the body and the instant, with all the numbers.
    """
    handed, received = dict.fromkeys(under_way, 0), dict.fromkeys(under_way, 0)
    for account in totals:
        handed[account.body] += account.handed_over
        received[account.body] += account.received
    for body, bodies in under_way.items():
        if handed[body] != received[body] + bodies:
            raise EngineError(
                f"the ledger between models does not close for a {body}: handed over {handed[body]} is not received "
                f"{received[body]} + under way {bodies}",
                where=f"channels, {clock_text(now_s)}",
                mend="this is a fault of a model, not of the scenario; please report it with the scenario",
            )
