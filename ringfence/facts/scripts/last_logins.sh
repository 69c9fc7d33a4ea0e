# shellcheck shell=sh
# Prints whether PAM records logins, and INACTIVE of new accounts.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
profile=/usr/share/pam-configs/ringfence-lastlog
module='^session[[:space:]]+[^#]*pam_lastlog2?\.so'
last_logins() {
    if grep -qE "$module" /etc/pam.d/common-session; then echo 'recorded yes'; else echo 'recorded no'; fi
    if [ -f "$profile" ]; then printf 'profile %s\n' "$(sha256sum -- "$profile" | cut -d' ' -f1)"; fi
    printf 'days %s\n' "$(useradd -D | sed -n 's/^INACTIVE=//p')"
}
printf 'ringfence-last-logins\n'
