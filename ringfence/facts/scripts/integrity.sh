# shellcheck shell=sh
# Prints which baseline a host has, and which files changed since a moment. Paths are base64.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
digest() { # path
    if [ -f "$1" ]; then sha256sum <"$1" | cut -d' ' -f1; fi
}
known() { # database: `mode:owner:group:SHA-512 path` of each file that it has; of a link `->target path`
    zcat -- "$1" 2>/dev/null | awk '
        BEGIN { for (n = 0; n < 256; n++) char[sprintf("%02x", n)] = char[sprintf("%02X", n)] = sprintf("%c", n) }
        function plain(name,   out, at) {
            while ((at = index(name, "%")) > 0) {
                out = out substr(name, 1, at - 1) char[substr(name, at + 1, 2)]
                name = substr(name, at + 3)
            }
            return out name
        }
        /^@@db_spec/ { for (n = 2; n <= NF; n++) column[$n] = n - 1; next }
        /^[@#]/ || NF < 5 { next }
        { mode = $column["perm"] }
        mode ~ /^12/ { target = plain($column["lname"]); gsub(/ /, "?", target); print "->" target " " plain($1); next }
        { digest = "sha512" in column ? $column["sha512"] : "none" }
        { print substr(mode, length(mode) - 3) ":" $column["uid"] ":" $column["gid"] ":" digest " " plain($1) }'
}
present() { # path: the same of a file that is there
    if [ -L "$1" ]; then
        printf -- '->%s' "$(readlink -- "$1" | tr ' ' '?')"
        return
    fi
    found=-
    if [ -f "$1" ]; then
        found=$(sha512sum <"$1" | cut -c1-128 | sed 's/../\\x&/g')
        found=$(/usr/bin/printf "$found" | base64 -w0)
    fi
    printf '%s:%s' "$(stat -c '%a:%u:%g' -- "$1" | sed -E 's/^([0-7]{3}):/0\1:/; s/^([0-7]{2}):/00\1:/; s/^([0-7]):/000\1:/')" "$found"
}
told() { # how moment path
    printf '%s %s %s\n' "$1" "$2" "$(printf '%s' "$3" | base64 -w0)"
}
changes() { # list of known files, moment, trees, paths that are passed over
    list=$1 since=$2
    set -f
    # shellcheck disable=SC2086
    set -- $3 -- $4 # words without spaces, as the caller refuses others
    trees=
    while [ "$1" != -- ]; do
        if [ -e "$1" ]; then trees="$trees $1"; fi
        shift
    done
    shift
    passed=
    for path; do passed="$passed -path $path -prune -o"; done
    if [ -z "$trees" ]; then return; fi
    # shellcheck disable=SC2086
    find $trees -ignore_readdir_race $passed ! -type d -newerct "@$since" -printf '%C@ %p\0' 2>/dev/null |
        tr '\n\0' '?\n' | sort -n | head -n 1000 |
        while read -r moment path; do
            if [ ! -e "$path" ] && [ ! -L "$path" ]; then continue; fi
            known=$(awk -v path="$path" '{ name = substr($0, index($0, " ") + 1) } name == path { print $1; exit }' "$list")
            if [ -z "$known" ]; then
                told added "$moment" "$path"
            elif [ "$known" != "$(present "$path")" ]; then
                told changed "$moment" "$path"
            else
                told touched "$moment" "$path"
            fi
        done
    cut -d' ' -f2- "$list" | while IFS= read -r path; do
        if [ -e "$path" ] || [ -L "$path" ]; then continue; fi
        parent=${path%/*}
        while [ ! -d "${parent:-/}" ] && [ "$parent" != "${parent%/*}" ]; do parent=${parent%/*}; done
        [ -d "${parent:-/}" ] || parent=
        told removed "$(stat -c %Z -- "${parent:-/}")" "$path"
    done
}
baseline() { # store rules since tree... -- passed over...
    store=$1 rules=$2 since=$3
    shift 3
    trees=''
    while [ "$1" != -- ]; do
        trees="$trees $1"
        shift
    done
    shift
    passed=$*
    for name in database rules; do
        case $name in database) value=$(digest "$store/database") ;; *) value=$(digest "$rules") ;; esac
        if [ -n "$value" ]; then printf '%s %s\n' "$name" "$value"; fi
    done
    if grep -qsxE '[0-9]+\.[0-9]+' "$store/taken"; then printf 'taken %s\n' "$(cat "$store/taken")"; fi
    if [ -s "$store/database.new" ] && grep -qsxE '[0-9]+\.[0-9]+' "$store/taken.new"; then
        printf 'waiting %s %s\n' "$(digest "$store/database.new")" "$(cat "$store/taken.new")"
    fi
    if [ -z "$since" ] || [ ! -f "$store/database" ]; then return; fi
    list=$(mktemp) || return
    known "$store/database" >"$list"
    changes "$list" "$since" "$trees" "$passed" | head -n 400
    rm -f "$list"
}
altered() { # store
    sed -nE 's/^debsums: (changed|missing) file .* \(from ([a-z0-9][a-z0-9.+-]*)(:[a-z0-9]+)? package\)$/altered \2/p' \
        "$1/latest/packages" 2>/dev/null | sort -u
}
printf 'ringfence-integrity\n'
