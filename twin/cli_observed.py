"""What a run says of today on the command line: whether it is reproduced, and what the city would see of it."""

from __future__ import annotations

from collections.abc import Callable

from twin.cli_language import languages, spoken
from twin.results.as_seen import seen_rows
from twin.results.reproduction_words import NO_OBSERVATION
from twin.results.run_folder import Study
from twin.results.words import figure


def show_observed(study: Study, say: Callable[[str], None]) -> None:
    """Say what the observations come to, or that there are none; then figures as they are and as sensors see them.

    Parameters
    ----------
    study
        A finished study.
    say
        Prints one line of plain text.
    """
    found = study.reproduction
    for lang in languages():
        if not found:
            say(NO_OBSERVATION[lang])
            continue
        say(found["sentence"][lang])
        for entry in found["entries"]:
            say(f"  {entry['sentence'][lang]}")
    for row in seen_rows(study):
        seen = ", ".join(f"{sensor} {figure(value, row.unit, 'en')}" for sensor, value in row.seen.items())
        say(spoken(f"{row.kpi}, {row.variant}: as it is {figure(row.mean, row.unit, 'en')}; as seen by {seen}"))
    say("")
