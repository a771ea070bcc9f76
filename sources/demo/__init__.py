"""The simulated town "Hilden (simuliert)": writes deliveries as a real town would send them, from invented lives.

Embedded default, test bed and benchmark generator. It imports neither Dagster nor dbt and reads no data.
"""

from sources.demo.simulate import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]
