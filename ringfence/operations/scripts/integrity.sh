# shellcheck shell=sh
# Makes a new baseline of a host's files.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
new_baseline() { # script
    nice -n 10 "$1" baseline </dev/null && return
    printf 'ringfence: the baseline of the files could not be made\n' >&2
    exit 1
}
restored() { # script
    "$1" restore </dev/null && return
    printf 'ringfence: altered packages could not be installed anew\n' >&2
    exit 1
}
