# shellcheck shell=sh disable=SC2015
# Has PAM record logins: by Debian's profile from release 13 on, by one of ours before.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
export LC_ALL PATH DEBIAN_FRONTEND
record() { # profile; its text on standard input, if it is ours
    profile=/usr/share/pam-configs/$1
    if [ "$1" = ringfence-lastlog ]; then
        umask 022
        cat >"$profile.new" && mv -fT -- "$profile.new" "$profile" || exit 1
    fi
    # Only what a person changed by hand in the common files stops this; theirs isn't overwritten.
    pam-auth-update --package --enable "$1" && grep -qE 'pam_lastlog2?\.so' /etc/pam.d/common-session || {
        echo "ringfence: /etc/pam.d/common-session was changed by hand, so logins can't be recorded: run pam-auth-update --force" >&2
        exit 1
    }
}
