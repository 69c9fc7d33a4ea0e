# shellcheck shell=sh
# A broken sudoers: the rule that lets the deploying account become root has a typing error, and no other is read.
echo 'deploy ALL=(ALL:ALL NOPASSWD: ALL' > /etc/sudoers
