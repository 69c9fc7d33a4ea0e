# shellcheck shell=sh
# Makes a new baseline of a host's files, and puts it in the place of the last one.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
new_baseline() { # script files, as a regular expression; none for all of them
    # In a unit of its own: what belongs to a login has as much of the processor as all services together.
    systemd-run --quiet --wait --pipe --collect --property=CPUWeight=10 --property=Nice=19 \
        --property=IOSchedulingClass=idle "$1" baseline ${2:+"$2"} </dev/null && return
    printf 'ringfence: the baseline of the files could not be made\n' >&2
    exit 1
}
keep_baseline() { # script digest
    "$1" keep "$2" </dev/null && return
    printf 'ringfence: the new baseline of the files is not the one that was made\n' >&2
    exit 1
}
restored() { # script
    "$1" restore </dev/null && return
    printf 'ringfence: altered packages could not be installed anew\n' >&2
    exit 1
}
