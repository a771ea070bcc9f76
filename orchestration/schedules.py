"""When runs start by themselves. Both publish drafts for the administration only; nothing here can approve."""

import dagster as dg

from orchestration.resources import EDITION_TAG, MONTHLY, NIGHTLY, Workplace
from orchestration.run import nothing_new

TIMEZONE = "Europe/Berlin"


def schedules(place: Workplace) -> list[dg.ScheduleDefinition]:
    """Every night at 02:00 where something is new; on the 2nd of the month at 03:00 a numbered edition in any case."""

    @dg.schedule(name="nachts", job_name=NIGHTLY, cron_schedule="0 2 * * *", execution_timezone=TIMEZONE, default_status=dg.DefaultScheduleStatus.RUNNING)
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if not place.fetching and nothing_new(place):
            return dg.SkipReason("Nichts Neues im Eingang, Stand ist veröffentlicht.")
        return dg.RunRequest()

    @dg.schedule(name="monatlich", job_name=MONTHLY, cron_schedule="0 3 2 * *", execution_timezone=TIMEZONE, default_status=dg.DefaultScheduleStatus.RUNNING)
    def monthly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        edition = f"{context.scheduled_execution_time:%Y-%m}"
        return dg.RunRequest(run_key=edition, tags={EDITION_TAG: edition})

    return [nightly, monthly]
