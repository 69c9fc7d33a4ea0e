# shellcheck shell=sh disable=SC2015,SC2174
# Installs packages while a policy-rc.d keeps their daemons from starting before they are configured.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
export LC_ALL PATH DEBIAN_FRONTEND
policy=/usr/sbin/policy-rc.d
store=/var/lib/ringfence
fail() {
    printf 'ringfence: %s\n' "$*" >&2
    exit 1
}
open_gate() {
    if grep -qs 'Written by Ringfence' "$policy"; then rm -f -- "$policy"; fi
}
begin() {
    trap '' PIPE
    mkdir -p -m 0755 -- "$store"
    exec 9>"$store/lock" && flock -w 120 9 || fail "another run of Ringfence is changing this host"
    trap open_gate EXIT
    trap 'exit 1' HUP INT TERM
    open_gate
}
close_gate() {
    # A policy-rc.d of the administrator's is left alone: it has its own reasons.
    [ -e "$policy" ] || [ -L "$policy" ] && return
    gate=$(mktemp "$policy.XXXXXX") &&
        printf '#!/bin/sh\n# Written by Ringfence while it installs packages; it removes this file itself.\nexit 101\n' >"$gate" &&
        chmod 0755 "$gate" && mv -T -- "$gate" "$policy" || fail "cannot write $policy"
}
apt() {
    apt-get --quiet --yes -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold -o APT::Install-Recommends=false \
        -o Acquire::Retries=2 "$@" </dev/null 9>&-
}
candidates() { # package...: whether apt knows a version of each
    [ "$(apt-cache --quiet policy -- "$@" 2>/dev/null | grep -c '^  Candidate: [^(]')" -eq $# ]
}
install_packages() { # package...
    dpkg --configure -a --force-confdef --force-confold </dev/null 9>&- ||
        fail "packages were left half configured and dpkg --configure -a cannot finish them"
    candidates "$@" || apt update || fail "apt-get update failed, and a package of: $* is unknown here"
    apt install -- "$@" || fail "apt-get cannot install: $*"
}
