# shellcheck shell=sh
# Passwords: the stacks of PAM written by hand, with every option in them instead of in a file.

install_password_tools() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        cracklib-runtime libpam-pwquality libpwquality-tools
}

write_stacks() {
    count='audit deny=3 unlock_time=3600 fail_interval=1800 even_deny_root'
    cat >/etc/pam.d/common-auth <<END
auth required pam_faillock.so preauth $count
auth [success=1 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail $count
auth sufficient pam_faillock.so authsucc $count
auth requisite pam_deny.so
END
    cat >/etc/pam.d/common-password <<'END'
password requisite pam_pwquality.so retry=2 minlen=20 minclass=4 enforce_for_root
password requisite pam_pwhistory.so remember=30 use_authtok enforce_for_root
password sufficient pam_unix.so yescrypt use_authtok
password requisite pam_deny.so
END
    # Who has a key and no password is not shut out by the age of one.
    sed -i '/^account.*pam_unix\.so/s/$/ no_pass_expiry/' /etc/pam.d/common-account
    mkdir -p /etc/security/pwquality.conf.d
    printf '%s\n' 'minlen = 20' 'minclass = 4' 'maxrepeat = 2' 'maxsequence = 3' \
        >/etc/security/pwquality.conf.d/10-site.conf
}

limit_ages() {
    sed -i -e 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 60/' -e 's/^PASS_WARN_AGE.*/PASS_WARN_AGE 14/' \
        -e 's/^ENCRYPT_METHOD.*/ENCRYPT_METHOD YESCRYPT/' /etc/login.defs
    getent passwd | while IFS=: read -r name _ uid _; do
        [ "$uid" -lt 1000 ] || [ "$uid" -ge 60000 ] || chage --maxdays 60 --warndays 14 "$name"
    done
}

install_password_tools
write_stacks
limit_ages
systemctl start site-inventory.service
