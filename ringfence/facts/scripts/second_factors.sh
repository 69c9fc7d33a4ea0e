# shellcheck shell=sh
# Prints what the files of second factors are, and digests: of the key, and of the key with each recovery
# code that is left, which nobody can guess who doesn't have the key.
digest() { # text
    printf '%s' "$1" | sha256sum | cut -d' ' -f1
}
directory() { # path
    if status=$(stat -c '%f %U %G' -- "$1" 2>/dev/null); then
        printf 'directory %s\n' "$status"
    else
        printf 'directory absent\n'
        return
    fi
    if [ ! -d "$1" ] || [ -L "$1" ]; then return; fi
    printf 'members '
    find "$1" -mindepth 1 -maxdepth 1 -printf '%f\0' | base64 -w0
    printf '\n'
}
rate_limit() { # number, words of the line
    printf 'option %s RATE_LIMIT %s %s\n' "$1" "${4-}" "${5-}" | tr -c 'A-Za-z0-9_ \n' '?'
}
factor() { # number path
    if ! status=$(stat -c '%f %U %G' -- "$2" 2>/dev/null); then
        printf 'factor %s absent\n' "$1"
        return
    fi
    printf 'factor %s %s\n' "$1" "$status"
    if [ ! -f "$2" ] || [ -L "$2" ]; then return; fi
    contents "$1" <"$2"
}
contents() { # number
    IFS= read -r key || return 0
    printf 'key %s %s\n' "$1" "$(digest "$key")"
    while IFS= read -r line || [ -n "$line" ]; do
        # shellcheck disable=SC2086 # words
        case $line in
            '" RATE_LIMIT '*) rate_limit "$1" $line ;;
            '" DISALLOW_REUSE' | '" DISALLOW_REUSE '*) printf 'option %s DISALLOW_REUSE\n' "$1" ;;
            '" '*) printf 'option %s %s\n' "$1" "$(printf '%s' "${line#??}" | tr -c 'A-Za-z0-9_ ' '?')" ;;
            *) printf 'code %s %s\n' "$1" "$(digest "$key $line")" ;;
        esac
    done
}
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
set -f
printf 'ringfence-second-factors\n'
