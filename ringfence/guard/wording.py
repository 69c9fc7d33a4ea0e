"""The guard's status in people's words."""

from collections.abc import Iterator


def describe(name: str, told: dict[str, str]) -> Iterator[str]:
    """Yield the lines about one host; ``told`` is what `status_of` returns, or ``trouble``."""
    if "trouble" in told:
        yield f"{name}: {told['trouble']}"
        return
    yield f"{name}: {_state(told)}"
    if "lock_run" in told and told["state"] != "armed":
        yield (
            f"  being changed by {told['lock_owner']} since {told['lock_since']} "
            f"(run {told['lock_run']}, last heard of {told['lock_age']} seconds ago)"
        )
    if "last_ended" in told:
        yield f"  last: {told['last_ended']} at {told['last_ended_at']} (run {told['last_run']})"
    if told.get("last_ended", "").startswith("reverted") and "reverted_path" in told:
        yield f"  put back: {told['reverted_path']}"
    if "not_put_back" in told:
        yield f"  could NOT be put back (and where its copy lies): {told['not_put_back']}"


def _state(told: dict[str, str]) -> str:
    if told["state"] == "armed":
        return (
            f"ARMED by {told['owner']} at {told['armed_at']} (run {told['run']}); "
            f"goes back in {told.get('left', '?')} seconds unless it is confirmed"
        )
    if told["state"] == "half-armed":
        return "half armed by a run that died; the next apply cleans it"
    return "not armed"
