"""Looks into the inbox and starts a run when something waits there; approves nothing."""

import hashlib

import dagster as dg

from orchestration.resources import NIGHTLY, Workplace
from orchestration.run import waiting

SECONDS_BETWEEN_LOOKS = 60


def sensors(place: Workplace) -> list[dg.SensorDefinition]:
    @dg.sensor(name="eingang", job_name=NIGHTLY, minimum_interval_seconds=SECONDS_BETWEEN_LOOKS, default_status=dg.DefaultSensorStatus.RUNNING)
    def inbox(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        files = [file for delivery in waiting(place) for file in delivery.files]
        if not files:
            return dg.SkipReason("Im Eingang wartet nichts Neues.")
        # One run per state of the inbox, even when the run takes longer than the next look.
        state = sorted((file.name, file.size, file.mtime_ns) for file in files)
        return dg.RunRequest(run_key=hashlib.sha256(repr(state).encode()).hexdigest())

    return [inbox]
