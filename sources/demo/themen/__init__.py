"""What the town's other offices and authorities deliver, one module per topic, drawn from the same lives and places.

Each entry writes the deliveries of one end of year below ``target`` and returns their paths; it draws only from
``world.rng("<its own step>")`` and changes nothing in the world, so that one topic more never changes another.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sources.demo.themen import amtlich, arbeitsagentur, beteiligung, bewegung, bildung, orte, soziales, umfrage, wege, wohnen
from sources.demo.world import World

#: Called at the end of every simulated year whose stock is asked for, in both modes of the town.
AT_YEAR_END: tuple[Callable[[Path, World], list[Path]], ...] = (
    wohnen.write, orte.write, bildung.write, wege.write, amtlich.write, umfrage.write, beteiligung.write,
    bewegung.write, arbeitsagentur.write, soziales.write,
)  # fmt: skip
