# shellcheck shell=sh
# The change is refused, once everything else was made.
exit 1
