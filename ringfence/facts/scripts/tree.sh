# shellcheck shell=sh
# Prints one line of ASCII for each path, so that no name on the host can break the answer.
describe() { # path..., numbered from 0: one line each; a host may be slow to start programs, so few do for all
    number=0 present=
    for path; do
        shift
        if [ -e "$path" ] || [ -L "$path" ]; then
            present="$present $number"
            set -- "$@" "$path"
        else
            printf 'entry %s absent\n' "$number"
        fi
        number=$((number + 1))
    done
    [ $# -gt 0 ] || return 0
    if statuses=$(stat -c '%f %U %G' -- "$@" 2>/dev/null) && digests=$(digests_of "$@" 2>/dev/null); then
        # shellcheck disable=SC2086
        set -- $present
        while read -r status; do
            digest=-
            case $status in 8???\ *) read -r digest _ <&3 || digest=unreadable ;; esac
            printf 'entry %s %s %s\n' "$1" "$status" "${digest#\\}"
            shift
        done 3<<DIGESTS <<STATUSES
$digests
DIGESTS
$statuses
STATUSES
        return
    fi
    for number in $present; do # one of them can't be read, or has gone meanwhile
        describe_one "$number" "$1"
        shift
    done
}
digests_of() { # path...: of the regular files among them; a name with a line break is escaped (sha256sum(1))
    for path; do
        shift
        [ ! -f "$path" ] || [ -L "$path" ] || set -- "$@" "$path"
    done
    [ $# -eq 0 ] || sha256sum -- "$@"
}
describe_one() { # number path
    if ! status=$(stat -c '%f %U %G' -- "$2" 2>/dev/null); then
        printf 'entry %s absent\n' "$1"
        return
    fi
    digest=-
    if [ -f "$2" ] && [ ! -L "$2" ]; then
        digest=$(sha256sum <"$2" 2>/dev/null) || digest=unreadable
    fi
    printf 'entry %s %s %s\n' "$1" "$status" "${digest%% *}"
}
members() { # number directory
    [ -d "$2" ] && [ ! -L "$2" ] || return 0
    printf 'members %s ' "$1"
    find "$2" -mindepth 1 -maxdepth 1 -printf '%f\0' | base64 -w0
    printf '\n'
}
leftovers() { # directory, in which an interrupted run may have left its stage
    for stage in "$1"/.ringfence.????????; do
        [ ! -d "$stage" ] || printf 'leftover\n'
    done
}
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
printf 'ringfence-tree\n'
