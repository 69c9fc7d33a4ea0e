# shellcheck shell=sh
# A PAM stack that refuses everyone.
echo 'account required pam_deny.so' > /etc/pam.d/common-account
