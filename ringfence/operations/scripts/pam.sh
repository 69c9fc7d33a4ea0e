# shellcheck shell=sh disable=SC2015,SC2034,SC2154
# Puts the common stacks of PAM in force. Needs the functions of tree.sh and of the facts' pam.sh.
modules_exist() { # folder: every module that its stacks name is on the host
    sed -n -E 's/^-?[a-z]+[[:space:]]+(\[[^]]*\]|[a-z]+)[[:space:]]+([^[:space:]]+\.so).*/\2/p' \
        "$1"/etc/pam.d/common-* | sort -u | while IFS= read -r module; do
        found=no
        case $module in
        /*) [ ! -f "$module" ] || found=yes ;;
        *) for place in /lib/*/security /lib/security /usr/lib/*/security; do
            [ ! -f "$place/$module" ] || found=yes
        done ;;
        esac
        [ "$found" = yes ] || fail "PAM has no module $module: nothing was changed"
    done
}
put_stacks() { # folder with etc/pam.d and var/lib/pam
    mkdir -p -- "/etc/pam.d/.ringfence.$token" "/var/lib/pam/.ringfence.$token" || return
    for kind in $kinds; do
        for file in "/etc/pam.d/common-$kind" "/var/lib/pam/$kind"; do
            [ -e "$1$file" ] || continue
            cp -- "$1$file" "$(staged "$file")" && chown root:root -- "$(staged "$file")" &&
                chmod 0644 -- "$(staged "$file")" && sync -- "$(staged "$file")" || return
        done
    done
    for kind in $kinds; do
        for file in "/etc/pam.d/common-$kind" "/var/lib/pam/$kind"; do
            [ ! -e "$(staged "$file")" ] || mv -fT -- "$(staged "$file")" "$file" || return
        done
    done
}
trial() { # root's way through the new stacks: account and session of su and of sudo
    refused=$(timeout 60 su -s /bin/sh -c 'exit 0' -- nobody 2>&1 </dev/null 9>&-) || return
    ! command -v sudo >/dev/null || refused=$(timeout 60 sudo -n true 2>&1 </dev/null 9>&-)
}
adopt() { # unwanted wanted...
    for profile; do
        [ "$profile" = "$1" ] || [ -f "/usr/share/pam-configs/$profile" ] ||
            fail "there is no profile /usr/share/pam-configs/$profile: nothing was changed"
    done
    # shellcheck disable=SC2046 # names of profiles, one word each
    compose "$work/new" $(wanted_profiles "$@") ||
        fail "pam-auth-update can't compose the stacks of PAM: nothing was changed"
    modules_exist "$work/new" || exit 1
    mkdir -p -- "$work/before/etc/pam.d" "$work/before/var/lib"
    cp -a -- /etc/pam.d/common-* "$work/before/etc/pam.d/" && cp -a -- /var/lib/pam "$work/before/var/lib/" ||
        fail "can't keep the stacks of PAM: nothing was changed"
    for kind in $kinds; do keep "/etc/pam.d/common-$kind"; done
    committed=yes
    put_stacks "$work/new" && trial || {
        put_stacks "$work/before"
        fail "PAM refuses root with the new stacks, so those before are back: ${refused:-}"
    }
    # The same once more by the host's own debconf, so that packages go on from here.
    unwanted=$1
    shift
    DEBIAN_FRONTEND=noninteractive pam-auth-update --package --enable "$@" --disable "$unwanted" \
        </dev/null 9>&- || fail "pam-auth-update failed: is another program using debconf?"
    for kind in $kinds; do
        cmp -s -- "$work/new/etc/pam.d/common-$kind" "/etc/pam.d/common-$kind" ||
            fail "pam-auth-update wrote another /etc/pam.d/common-$kind than it composed"
        printf 'wrote /etc/pam.d/common-%s\n' "$kind"
    done
}
