# shellcheck shell=sh
# A broken sudoers.
echo 'deploy ALL=(ALL:ALL NOPASSWD: ALL' > /etc/sudoers.d/deploy
