# shellcheck shell=sh
# Has pam-auth-update compose the common stacks in a folder of their own, and compares them with the
# host's. Its debconf database is private there, so that asking changes nothing on the host.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
kinds='account auth password session session-noninteractive'
compose() { # folder profile...: write etc/pam.d and var/lib/pam below the folder
    root=$1
    shift
    mkdir -p "$root/etc/pam.d" "$root/var/lib/pam" "$root/usr/share" || return
    cp -r /usr/share/pam-configs "$root/usr/share/" || return
    ls "$root/usr/share/pam-configs" >"$root/var/lib/pam/seen"
    printf '%s\n' 'Config: values' 'Templates: texts' '' 'Name: values' 'Driver: File' \
        "Filename: $root/values.dat" '' 'Name: texts' 'Driver: File' "Filename: $root/texts.dat" \
        >"$root/debconf.conf"
    DEBCONF_SYSTEMRC=$root/debconf.conf DEBIAN_FRONTEND=noninteractive \
        pam-auth-update --root "$root" --package --force --enable "$@" </dev/null >/dev/null 2>&1 9>&-
}
profiles_in_force() { # those of which pam-auth-update last wrote the stacks
    for kind in $kinds; do
        sed -n 's/^Module: //p' "/var/lib/pam/$kind" 2>/dev/null
    done | grep -vx null | sort -u
}
wanted_profiles() { # unwanted wanted...: those in force but the unwanted, and the wanted
    unwanted=$1
    shift
    {
        profiles_in_force | grep -vxF -- "$unwanted"
        printf '%s\n' "$@"
    } | sort -u
}
plain_lines() { # kind: lines of a stack without the type, the width of blanks and of jumps
    sed -n -E "s/^-?${1%-noninteractive}[[:space:]]+//p" | blanks
}
blanks() {
    sed -E -e 's/[[:space:]]+/ /g' -e 's/ $//' -e 's/^(\[success=)(end|[0-9]+)/\1N/' | sort
}
edited_stacks() { # those whose lines are others than pam-auth-update wrote last
    for kind in $kinds; do
        {
            plain_lines "$kind" <"/usr/share/pam/common-$kind"
            sed -e '/^Module: /d' -e '/^$/d' "/var/lib/pam/$kind" | blanks
        } 2>/dev/null | sort >"$composed/written"
        plain_lines "$kind" <"/etc/pam.d/common-$kind" 2>/dev/null |
            cmp -s -- "$composed/written" - || printf 'edited %s\n' "$kind"
    done
}
common_stacks() { # unwanted wanted...
    for profile; do
        [ "$profile" = "$1" ] || [ -f "/usr/share/pam-configs/$profile" ] || printf 'absent %s\n' "$profile"
    done
    composed=$(mktemp -d /run/ringfence-pam.XXXXXXXX) || return
    # shellcheck disable=SC2046 # names of profiles, one word each
    compose "$composed" $(wanted_profiles "$@") || printf 'uncomposed\n'
    differs=no
    for kind in $kinds; do
        live=/etc/pam.d/common-$kind
        if [ "$(stat -c '%F %a %U:%G' -- "$live" 2>/dev/null)" = 'regular file 644 root:root' ] &&
            cmp -s -- "$composed/etc/pam.d/common-$kind" "$live" &&
            cmp -s -- "$composed/var/lib/pam/$kind" "/var/lib/pam/$kind"; then
            printf 'same %s\n' "$kind"
        else
            printf 'differs %s\n' "$kind"
            differs=yes
        fi
    done
    [ "$differs" = no ] || edited_stacks
    rm -rf -- "$composed"
}
