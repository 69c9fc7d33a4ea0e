"""The collector's archive of all hosts' logs: read again as a whole, and compared with its anchor.

The form of the archive stands in docs/decisions/immutable-logs.md. Nothing here is shared with the
job that writes it (templates/log_collector): what one of the two gets wrong, the other finds.
"""
