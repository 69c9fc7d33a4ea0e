# shellcheck shell=sh
# Prints the state of each package in dpkg's two letters, and whether an interrupted run left its policy-rc.d.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
package() { # number name
    printf 'package %s %s\n' "$1" \
        "$(dpkg-query -W -f='${db:Status-Abbrev}\n' -- "$2" 2>/dev/null | head -n 1 | cut -c1-2)"
}
printf 'ringfence-packages\n'
if grep -qs 'Written by Ringfence' /usr/sbin/policy-rc.d; then printf 'leftover\n'; fi
