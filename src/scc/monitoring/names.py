"""The names of all figures that a run tells, in one list: what is pushed, alerted on and drawn."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["HELP", "JOB", "Metric"]

JOB = "scc"
"""The label `job` of every series; with `pipeline` it is what keeps one group a pipeline."""


class Metric(StrEnum):
    STARTED = "scc_run_started_timestamp_seconds"
    COMPLETED = "scc_run_completed_timestamp_seconds"
    SUCCESS = "scc_run_success_timestamp_seconds"
    DUE = "scc_run_due_timestamp_seconds"
    MOMENT = "scc_run_moment_timestamp_seconds"
    STATE = "scc_run_state"
    TRIES = "scc_run_tries"
    FAILED_TRIES = "scc_run_failed_tries"
    FULL = "scc_run_full"
    DURATION = "scc_run_duration_seconds"
    CHANGES = "scc_run_changes"
    RECORDS = "scc_run_records"
    EXPORTED = "scc_run_exported_records"
    REQUESTS = "scc_run_requests"
    RETRIES = "scc_run_retries"
    QUOTA_USED = "scc_run_quota_used"
    QUOTA_LIMIT = "scc_run_quota_limit"
    INTERVAL = "scc_run_expected_interval_seconds"
    INFO = "scc_run_info"


HELP: dict[Metric, str] = {
    Metric.STARTED: "When the last try began.",
    Metric.COMPLETED: "When the last try ended, however it ended.",
    Metric.SUCCESS: "When the last good run ended.",
    Metric.DUE: "By when the next run has ended well, by the schedule at the time of the last good one.",
    Metric.MOMENT: "The scheduled moment that the last try stood for.",
    Metric.STATE: "1 for the state of the last try, 0 for the others.",
    Metric.TRIES: "How often the last run was begun.",
    Metric.FAILED_TRIES: "Tries that failed, or were killed, since the last good run.",
    Metric.FULL: "1 where the last run read everything, not only what was new.",
    Metric.DURATION: "Seconds of the last try by step, and of all.",
    Metric.CHANGES: "Changes that the last plan held.",
    Metric.RECORDS: "Records of the last receipt by system, object, operation and outcome.",
    Metric.EXPORTED: "Records that the last run read, by source.",
    Metric.REQUESTS: "Requests of the last try by system and status; none where no answer came.",
    Metric.RETRIES: "Requests of the last try that repeated an earlier one, by system.",
    Metric.QUOTA_USED: "How much of a daily allowance was used when the last run ended.",
    Metric.QUOTA_LIMIT: "What that allowance is.",
    Metric.INTERVAL: "The longest time between two scheduled moments.",
    Metric.INFO: "1, with the version that ran last.",
}
