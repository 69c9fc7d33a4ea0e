# shellcheck shell=sh disable=SC2015
# Prints who may do what with files. Names are coded.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
extended() { # path: whether it has access lists beyond its mode
    [ -z "$(getfacl -ps -- "$1" 2>/dev/null)" ] && printf plain || printf extended
}
system_file() { # number path
    if [ -f "$2" ] && [ ! -L "$2" ]; then
        printf 'file %s %s %s\n' "$1" "$(stat -c '%a %U %G' -- "$2")" "$(extended "$2")"
    fi
}
people() { # name and home of root, and of each account that useradd makes for a person
    first=$(sed -n 's/^UID_MIN[[:space:]]*\([0-9]*\)$/\1/p' /etc/login.defs 2>/dev/null | tail -n 1)
    getent passwd | while IFS=: read -r name _ uid _ _ home _; do
        [ "$uid" -ne 0 ] && { [ "$uid" -lt "${first:-1000}" ] || [ "$uid" -ge 65534 ]; } && continue
        [ ! -d "$home" ] || [ "$(realpath -- "$home")" != "$home" ] || printf '%s %s\n' "$name" "$home"
    done
}
homes() {
    people | while read -r name home; do
        printf 'home %s %s %s %s\n' "$name" "$(stat -c '%a %U' -- "$home")" "$(extended "$home")" "$(coded "$home")"
    done
}
trusting() { # file..., and in every home name...: files by which an account trusts others
    for path; do
        case $path in /*) [ ! -e "$path" ] && [ ! -L "$path" ] || printf 'trusting %s\n' "$(coded "$path")" ;; esac
    done
    getent passwd | cut -d: -f6 | sort -u | while IFS= read -r home; do
        [ -d "$home" ] || continue
        for name; do
            case $name in /*) continue ;; esac
            path=${home%/}/$name
            [ ! -e "$path" ] && [ ! -L "$path" ] || printf 'trusting %s\n' "$(coded "$path")"
        done
    done
}
searched() { # searches what is cheap to search; the arguments are not searched
    set -- "$@" /proc /sys
    pruned=
    for place; do pruned="$pruned -path $place -prune -o"; done
    # shellcheck disable=SC2086 # a list of words; the paths have no space
    find /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /home /root /tmp /var/tmp /dev/shm /srv \
        -xdev -ignore_readdir_race $pruned \
        \( -type f -perm /6000 -printf 'privileged %p\0' , \
        -type f -perm -0002 -printf 'open %p\0' , \
        -type d -perm -0002 ! -perm -1000 -printf 'open %p\0' , \
        \( -nouser -o -nogroup \) -printf 'unowned %p\0' , \
        -type f -perm /111 -printf 'program %p\0' \) 2>/dev/null
}
listed() { # directory of the nightly answer
    for list in privileged open unowned; do
        [ ! -f "$1/$list" ] || cut -d' ' -f"$([ "$list" = privileged ] && printf 3- || printf 1-)" -- "$1/$list" |
            sed "s/^/$list /" | tr '\n' '\0'
    done
    [ ! -f "$1/capabilities" ] || sed 's/ [^ ]*$//;s/^/program /' "$1/capabilities" | tr '\n' '\0'
}
package() { # path: the package that installed it, or -; before usr was merged its name was shorter
    found=$(awk -v name="$1" -v old="${1#/usr}" '
        /^diversion / { next }
        { path = substr($0, index($0, ": /") + 2) }
        path == name || path == old { sub(/[:,].*/, ""); print; exit }' "$work/packages")
    printf '%s' "${found:--}"
}
privileges() { # directory of the nightly answer, then what isn't searched
    answer=$1
    shift
    work=$(mktemp -d) || exit 1
    trap 'rm -rf -- "$work"' EXIT
    {
        searched "$@"
        listed "$answer"
    } | sort -zu >"$work/found"
    sed -zn 's/^privileged //p' "$work/found" | tr '\n\0' '?\n' >"$work/privileged"
    sed -zn 's/^program //p' "$work/found" | xargs -0r getcap -- >"$work/capable" 2>/dev/null
    {
        printf '/usr/bin/dpkg\n'
        cat "$work/privileged"
        sed 's/ [^ ]*$//' "$work/capable"
    } | sed 'p;s|^/usr||' | tr '\n' '\0' | xargs -0r dpkg-query -S >"$work/packages" 2>/dev/null
    # Without this answer every program would look as if no package had installed it.
    if [ "$(package /usr/bin/dpkg)" != dpkg ]; then
        echo 'ringfence: dpkg does not say which package installed a file' >&2
        exit 1
    fi
    while IFS= read -r path; do
        status=$(find "$path" -maxdepth 0 -type f -perm /6000 -printf '%m %u:%g' 2>/dev/null)
        [ -z "$status" ] || printf 'privileged %s %s %s\n' "$(package "$path")" "$(coded "$status")" "$(coded "$path")"
    done <"$work/privileged"
    while IFS= read -r line; do
        path=${line% *}
        printf 'privileged %s %s %s\n' "$(package "$path")" "$(coded "${line##* }")" "$(coded "$path")"
    done <"$work/capable"
    for kind in open unowned; do
        # Accounts that another source knows may only be out of reach: their files are not nobody's.
        [ "$kind" = open ] || local_accounts || continue
        sed -zn "s/^$kind //p" "$work/found" | tr '\n\0' '?\n' | head -n 1000 | while IFS= read -r path; do
            ! still "$kind" "$path" || printf '%s %s\n' "$kind" "$(coded "$path")"
        done
    done
}
still() { # kind path
    case $1 in
    open) test -n "$(find "$2" -maxdepth 0 \( -type f -o -type d ! -perm -1000 \) -perm -0002 2>/dev/null)" ;;
    *) test -n "$(find "$2" -maxdepth 0 \( -nouser -o -nogroup \) 2>/dev/null)" ;;
    esac
}
local_accounts() {
    ! grep -Eq '^(passwd|group):.*\<(ldap|sss|winbind|nis|nisplus|extrausers)\>' /etc/nsswitch.conf
}
judge_lists() { # yes if each must pass something on, writer: counts the lists that let others in
    awk -v passes="$1" -v service="$2" '
        BEGIN { RS = ""; FS = "\n" }
        {
            bad = 0; inherited = 0
            for (i = 1; i <= NF; i++) {
                line = $i
                if (line ~ /^#/) continue
                sub(/[ \t]*#.*/, "", line)
                if (sub(/^default:/, "", line)) inherited = 1
                split(line, part, ":")
                if (part[1] == "other" && part[3] != "---") bad = 1
                if (part[1] == "group" && (part[2] != "" || part[3] ~ /w/)) bad = 1
                if (part[1] == "user" && part[2] != "" && part[2] != service) bad = 1
            }
            if (bad || (passes == "yes" && !inherited)) wrong++
        }
        END { print wrong + 0 }'
}
data() { # number path group writer
    if [ ! -e "$2" ] && [ ! -L "$2" ]; then
        printf 'data %s absent\n' "$1"
    elif [ "$(realpath -m -- "$2")" != "$2" ] || [ ! -d "$2" ]; then
        printf 'data %s elsewhere\n' "$1"
    elif ! getent group -- "$3" >/dev/null; then
        printf 'data %s groupless\n' "$1"
    else
        writer=
        [ -z "$4" ] || ! getent passwd -- "$4" >/dev/null || writer=$4
        wrong=$(find "$2" -xdev \( ! -group "$3" -o ! -user root ${writer:+! -user "$writer"} \
            -o -type d ! -perm -2000 -o ! -type l ! -type d -perm /6007 -o -type d -perm /4007 \) -printf x | wc -c)
        lists=$(find "$2" -xdev -type d -print0 | xargs -0r getfacl -p -- 2>/dev/null | judge_lists yes "$writer")
        files=$({
            find "$2" -xdev ! -type d ! -type l -print0 | xargs -0r getfacl -sp -- 2>/dev/null
            find "$2" -xdev ! -type d ! -type l -perm /0020 -print0 | xargs -0r getfacl -p -- 2>/dev/null
        } | judge_lists no "$writer")
        served=yes
        [ -z "$writer" ] || [ "$(stat -c %U -- "$2")" = "$writer" ] ||
            getfacl -cp -- "$2" 2>/dev/null | grep -q "^user:$writer:rwx" || served=no
        printf 'data %s present %s %s %s %s\n' "$1" "$wrong" "$lists" "$files" "$served"
    fi
}
printf 'ringfence-permissions\n'
