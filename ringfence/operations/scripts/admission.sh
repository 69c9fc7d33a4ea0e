# shellcheck shell=sh disable=SC2015
# Refuses a staged configuration of sshd, or a staged file of keys, that would lock out the account that
# Ringfence logs in as. Arguments: what is staged (configuration or keys), its path, the account.
# What it prints is the reason.
refuse() {
    printf 'Ringfence logs in as %s, and %s\n' "$account" "$*"
    exit 1
}
value() { # name: the words of an effective setting, one a line
    printf '%s\n' "$effective" | sed -n "s/^$1 //p" | tr ' ' '\n'
}
matches_address() { # pattern list: asks sshd itself, whose patterns these are
    printf 'Banner none\nMatch Address %s\nBanner /admitted\n' "$1" >"$stage.from"
    sshd -T -f "$stage.from" -C "$connection" 2>/dev/null | grep -qx 'banner /admitted'
}
expired() { # time as in expiry-time=, YYYYMMDD[HHMM[SS]][Z]
    case $1 in
        *Z) now=$(date -u +%Y%m%d%H%M%S) ;;
        *) now=$(date +%Y%m%d%H%M%S) ;;
    esac
    until=$(printf '%s00000000000000' "${1%Z}" | cut -c1-14)
    [ "$until" -le "$now" ]
}
admits() { # line of an authorized_keys file
    described=$(printf '%s\n' "$1" | ssh-keygen -lf /dev/stdin 2>/dev/null) || return 1
    expiry=$(printf '%s\n' "$1" | sed -n 's/^[^#]*expiry-time="\([0-9]*Z\{0,1\}\)".*/\1/p')
    [ -z "$expiry" ] || ! expired "$expiry" || return 1
    sources=$(printf '%s\n' "$1" | sed -n 's/^[^#]*from="\([^"]*\)".*/\1/p')
    [ -z "$sources" ] || matches_address "$sources" || return 1
    case $described in *'(RSA)') [ "${described%% *}" -ge 3072 ] || return 1 ;; esac
}
may_log_in_by_group() {
    allowed=$(value allowgroups)
    [ -n "$allowed" ] || return 0
    for group in $(id -Gn -- "$account"); do
        ! printf '%s\n' "$allowed" | grep -qxF -- "$group" || return 0
    done
    return 1
}
key_files() {
    if [ "$kind" = keys ]; then
        printf '%s\n' "$stage"
        return
    fi
    value authorizedkeysfile | while IFS= read -r file; do
        file=$(printf '%s\n' "$file" | sed "s|%u|$account|g; s|%h|$home|g")
        case $file in /*) printf '%s\n' "$file" ;; *) printf '%s\n' "$home/$file" ;; esac
    done
}
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077
kind=$1 stage=$2 account=$3
entry=$(getent passwd -- "$account") || refuse "there is no such account on this host"
home=$(printf '%s' "$entry" | cut -d: -f6)
# sudo clears the environment, so the connection that this run came in by is found in an ancestor's.
process=$$ came=
while [ -z "$came" ] && [ "${process:-0}" -gt 1 ]; do
    came=$(tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p' | head -n 1)
    process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
done
# shellcheck disable=SC2086 # four words: client's address and port, server's address and port
set -- $came
connection="user=$account,host=${1:-127.0.0.1},addr=${1:-127.0.0.1},laddr=${3:-127.0.0.1},lport=${4:-22}"
[ -d /run/sshd ] || mkdir -m 0755 /run/sshd
if [ "$kind" = configuration ]; then
    effective=$(sshd -T -f "$stage" -C "$connection" 2>&1) || refuse "sshd -T fails: $effective"
    [ "$(value pubkeyauthentication)" = yes ] || refuse "this configuration takes no keys"
    if [ "$(id -u -- "$account")" = 0 ] && [ "$(value permitrootlogin)" = no ]; then
        refuse "this configuration refuses root: let hosts.yml name an account with sudo as ssh.user"
    fi
    case $(value authenticationmethods | tr '\n' ' ') in
        'any ' | *'publickey '*) ;;
        *) refuse "this configuration asks for more than a key, which Ringfence can't give" ;;
    esac
    may_log_in_by_group || refuse "it is in none of the groups $(value allowgroups | tr '\n' ' ')"
    if [ -n "$came" ] && ! value port | grep -qx -- "$4"; then
        refuse "this run came in by port $4, where this configuration does not listen (ssh.port in policy.yml)"
    fi
fi
for file in $(key_files); do
    [ -f "$file" ] || continue
    while IFS= read -r line; do
        if admits "$line"; then exit 0; fi
    done <"$file"
done
refuse "none of its keys is accepted today from ${1:-this host}, where this run comes from"
