# shellcheck shell=sh disable=SC2015,SC2174
# The host's half of the guard: saves what a dangerous change may break, and puts it back by itself
# unless a new login confirms the change. Runs as root, from a channel of Ringfence's, from
# ringfence-guard.timer (nobody confirmed in time) or from ringfence-guard-boot.service (the host was
# rebooted first). It may be killed and run again anywhere: the marker `armed` is written last and
# removed first, and what is put back is renamed into place.
#
#   arm RUN OWNER PROCESS SECONDS   coverage on standard input, one a line: path /etc/ssh |
#                 home deploy .ssh/authorized_keys | service ssh.service | rulesets |
#                 setting net.ipv4.conf.*.rp_filter
#   renew RUN     start the deadline again    disarm RUN   keep the change
#   lock RUN OWNER PROCESS | unlock RUN       status       as key=value
#   revert REASON [RUN]                       timer, boot, or asked and why
#
# Everything lies in $guard, which root alone may enter:
#   guard   this script                   lock      the run that changes this host; its age is its mtime
#   saved/  copies by number, done/ as they go; list   number, kind of what was there, path
#   units   unit, active, enabled         record    who armed, when, for which run, for how long
#   settings  path below /proc/sys, value       packages  what was installed
#   armed   the marker                    last      the record of the last time, and how it ended
#   last-revert  when, why, which run     reverted  the paths that the last revert had to change
#   not-put-back.RUN/  the copies, by number, of what a revert could not put back, and list, their paths
set -u
umask 077
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
base=/var/lib/ringfence
guard=$base/guard
system=/etc/systemd/system
at_boot=$system/sysinit.target.d/ringfence-guard.conf
stale=120 # seconds after which a lock that nobody renewed is nobody's

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}
alone() { # one at a time: the timer, the boot and the channels
    mkdir -p -m 0755 -- "$base" && mkdir -p -m 0700 -- "$guard" || fail "cannot write to $base"
    exec 8>"$guard/.alone" && flock -w 60 8 || fail "another command of the guard does not end"
}
now() {
    date -u +%Y-%m-%dT%H:%M:%SZ
}
field() { # file key
    sed -n "s/^$2=//p" "$1" 2>/dev/null | head -n 1
}
write() { # file; content on standard input
    cat >"$1.new" && sync -- "$1.new" && mv -fT -- "$1.new" "$1" || fail "cannot write $1"
}
not_armed() {
    printf 'not armed for this run (any more)'
    [ ! -e "$guard/last-revert" ] || printf ', reverted at %s (%s)' \
        "$(field "$guard/last-revert" at)" "$(field "$guard/last-revert" reason)"
}
lock_age() {
    echo $(($(date +%s) - $(stat -c %Y -- "$guard/lock")))
}
lock() { # run owner process
    if [ -e "$guard/lock" ] && [ "$(field "$guard/lock" run)" != "$1" ] && [ "$(lock_age)" -lt $stale ]; then
        fail "another run is in progress: $(field "$guard/lock" owner), run $(field "$guard/lock" run)," \
            "last heard of $(lock_age) seconds ago"
    fi
    printf 'run=%s\nowner=%s\nprocess=%s\nsince=%s\n' "$1" "$2" "$3" "$(now)" | write "$guard/lock"
}
unlock() { # run
    [ "$(field "$guard/lock" run)" != "$1" ] || rm -f -- "$guard/lock"
}

# --- arming ---------------------------------------------------------------------------------------
save() { # number path
    kind=absent
    if [ -L "$2" ] || [ -e "$2" ]; then
        kind=present
        cp -a -- "$2" "$guard/saved/$1" || fail "cannot save $2"
    fi
    printf '%s %s %s\n' "$1" "$kind" "$2" >>"$guard/list"
}
save_in_home() { # number, account and path in its home
    home=$(getent passwd -- "${2%% *}" | cut -d: -f6)
    [ ! -d "$home" ] || [ "$home" = / ] || save "$1" "$home/${2#* }"
}
save_unit() { # unit
    active=$(systemctl is-active -- "$1" 2>/dev/null | head -n 1)
    # Nothing said would be read as stopped when it is put back.
    [ -n "$active" ] || fail "systemd does not say whether $1 runs"
    printf '%s %s %s\n' "$1" "$active" "$(systemctl is-enabled -- "$1" 2>/dev/null | head -n 1)" >>"$guard/units"
}
save_rulesets() {
    if ! command -v nft >/dev/null; then
        : >"$guard/ruleset.none"
        return
    fi
    { echo 'flush ruleset' && nft -s list ruleset; } >"$guard/ruleset" || fail "cannot save the ruleset"
    nft -c -f "$guard/ruleset" 2>/dev/null ||
        fail "the running ruleset cannot be loaded again (iptables' own rules in it?)"
}
save_setting() { # name of a setting of the kernel, * in it for each interface
    for path in $(printf '/proc/sys/%s' "$(printf '%s' "$1" | tr . /)"); do
        [ -w "$path" ] || continue # a container's kernel is another's, and not every kernel has each
        value=$(cat -- "$path") && printf '%s %s\n' "$path" "$value" >>"$guard/settings" ||
            fail "cannot save $path"
    done
}
arm() { # run owner process seconds; coverage on standard input
    lock "$1" "$2" "$3"
    if [ -e "$guard/armed" ]; then
        if [ "$(field "$guard/record" run)" = "$1" ]; then
            renew "$1"
            return
        fi
        put_back "asked: run $(field "$guard/record" run) was never confirmed"
        lock "$1" "$2" "$3"
    fi
    arming=$1
    trap 'clean; unlock "$arming"' EXIT # of whatever fails below nothing stays
    clean
    mv -fT -- "$0" "$guard/guard" && mkdir -- "$guard/saved" || fail "cannot write to $guard"
    : >"$guard/list" && : >"$guard/units" && : >"$guard/settings" || fail "cannot write to $guard"
    number=0
    while read -r what argument; do
        number=$((number + 1))
        case $what in
            path) save "$number" "$argument" ;;
            home) save_in_home "$number" "$argument" ;;
            service) save_unit "$argument" ;;
            rulesets) save_rulesets ;;
            setting) save_setting "$argument" ;;
            *) fail "the guard does not know what to do about $what" ;;
        esac
    done
    installed >"$guard/packages" || fail "cannot write to $guard"
    printf 'run=%s\nowner=%s\narmed_at=%s\ndeadline=%s\n' "$1" "$2" "$(now)" "$4" | write "$guard/record"
    install_units "$4"
    sync -f -- "$guard"
    : >"$guard/armed" && sync -- "$guard/armed" "$guard" || fail "cannot write to $guard"
    trap - EXIT
}
install_units() { # seconds
    write "$system/ringfence-guard.service" <<END
[Unit]
Description=Put back what a Ringfence run changed and nobody confirmed
DefaultDependencies=no

[Service]
Type=oneshot
ExecStart=/bin/sh $guard/guard revert timer
END
    write "$system/ringfence-guard.timer" <<END
[Unit]
Description=How long a Ringfence run has to confirm what it changed
DefaultDependencies=no

[Timer]
OnActiveSec=$1
AccuracySec=1s
END
    write "$system/ringfence-guard-boot.service" <<END
[Unit]
Description=Put back what a Ringfence run changed before this host was rebooted
DefaultDependencies=no
RequiresMountsFor=$guard
ConditionPathExists=$guard/armed
After=local-fs.target systemd-remount-fs.service
Before=sysinit.target network-pre.target nftables.service ssh.service ssh.socket
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/sh $guard/guard revert boot
END
    # Not enabled by a link, which would make it one of the services that this host is meant to have.
    mkdir -p -m 0755 -- "${at_boot%/*}" && write "$at_boot" <<END
[Unit]
Wants=ringfence-guard-boot.service
END
    chmod 0644 "$system"/ringfence-guard.service "$system"/ringfence-guard.timer \
        "$system"/ringfence-guard-boot.service "$at_boot" &&
        sync -- "$system" "${at_boot%/*}" && systemctl daemon-reload &&
        systemctl restart ringfence-guard.timer ||
        fail "systemd does not take the guard's timer"
    [ "$(systemctl is-active ringfence-guard.timer)" = active ] || fail "the guard's timer does not run"
}
renew() { # run
    [ "$(field "$guard/lock" run)" = "$1" ] || fail "$(not_armed)"
    touch -c -- "$guard/lock"
    [ ! -e "$guard/armed" ] || systemctl restart ringfence-guard.timer
}
clean() { # nothing of an arming stays, whole or half; the records do
    systemctl stop ringfence-guard.timer 2>/dev/null
    rm -f -- "$system/ringfence-guard.service" "$system/ringfence-guard.timer" \
        "$system/ringfence-guard-boot.service" "$at_boot"
    rmdir -- "${at_boot%/*}" 2>/dev/null
    rm -rf -- "$guard/saved" "$guard/done" "$guard/list" "$guard/units" "$guard/settings" \
        "$guard/ruleset" "$guard/ruleset.none" "$guard/record" "$guard/packages" "$guard/brought"
    systemctl daemon-reload
}
ended() { # how
    { cat -- "$guard/record" && printf 'ended=%s\nended_at=%s\n' "$1" "$(now)"; } 2>/dev/null | write "$guard/last"
    rm -f -- "$guard/armed" && sync -- "$guard"
}
confirmed() { # run: by a login whose answer was lost
    [ "$(field "$guard/last" run)" = "$1" ] && [ "$(field "$guard/last" ended)" = confirmed ]
}
disarm() { # run
    if [ -e "$guard/armed" ] && [ "$(field "$guard/record" run)" = "$1" ]; then
        ended confirmed
    elif [ -e "$guard/armed" ] || ! confirmed "$1"; then
        fail "$(not_armed)"
    fi
    clean
    unlock "$1"
}

# --- reverting ------------------------------------------------------------------------------------
described() { # path: what cp -a would keep, without times
    find "$1" -printf '%P %y %m %U %G %l\n' | sort
}
same() { # saved path
    [ -e "$2" ] || [ -L "$2" ] || return 1
    [ "$(described "$1")" = "$(described "$2")" ] && diff -rq --no-dereference -- "$1" "$2" >/dev/null 2>&1
}
staying() { # path: what of it is as a package has brought it: files in it, by their paths in there, or `.`
    awk -v path="$1" 'substr($0, 35) == path || index($0, path "/") == 35' "$guard/brought" |
        md5sum -c 2>/dev/null | sed -n 's/: OK$//p' | while IFS= read -r file; do
        [ "$file" = "$1" ] && echo . || printf '%s\n' "${file#"$1/"}"
    done
}
add_staying() { # path stage
    [ -z "$stays" ] || [ "$stays" = . ] || printf '%s\n' "$stays" | while IFS= read -r file; do
        [ -e "$2/$file" ] || [ -L "$2/$file" ] || (cd -- "$1" && cp -a --parents -- "$file" "$2")
    done
}
# Accounts and groups that were made since stay too, for packages count on theirs; not another of root's.
add_entries() { # path stage
    [ -f "$1" ] && [ ! -L "$1" ] && is_accounts "$1" || return 0
    awk -F: -v path="$1" '
        BEGIN { fields["/etc/passwd"] = 7; fields["/etc/shadow"] = 9; fields["/etc/group"] = 4
            fields["/etc/gshadow"] = 4; fields["/etc/subuid"] = fields["/etc/subgid"] = 3 }
        which == "before" { known[$1]; next }
        (path == "/etc/passwd" || path == "/etc/group") && $3 !~ /^[1-9][0-9]*$/ { next }
        NF == fields[path] && $1 ~ /^[A-Za-z_][A-Za-z0-9_.-]*$/ && !($1 in known)' \
        which=before "$2" which=now "$1" >"$guard/entries" && cat -- "$guard/entries" >>"$2"
    rm -f -- "$guard/entries"
}
are_on_one_disk() { # path path
    [ "$(stat -c %d -- "$1")" = "$(stat -c %d -- "$2")" ]
}
put_back_path() { # number kind path
    stage=${3%/*}/.ringfence-guard-new.${3##*/}
    old=${3%/*}/.ringfence-guard-old.${3##*/}
    if [ ! -e "$3" ] && [ ! -L "$3" ] && [ -e "$stage" ]; then # of a revert that was killed between two renames
        mv -T -- "$stage" "$3"
    fi
    rm -rf -- "$stage" "$old"
    stays=$(staying "$3")
    if [ "$2" = absent ]; then
        [ -e "$3" ] || [ -L "$3" ] || return 0
        [ "$stays" != . ] || return 0
        if [ -n "$stays" ] && mkdir -- "$stage"; then
            chown --reference="$3" -- "$stage" && chmod --reference="$3" -- "$stage"
            add_staying "$3" "$stage"
            ! same "$stage" "$3" || { rm -rf -- "$stage" && return 0; }
            mv -T -- "$3" "$old" && mv -T -- "$stage" "$3" && rm -rf -- "$old"
        else
            rm -rf -- "$3"
        fi
    else
        # A revert that was killed may have moved it back already.
        [ -e "$guard/saved/$1" ] || [ -L "$guard/saved/$1" ] || return 0
        ! same "$guard/saved/$1" "$3" || return 0
        mkdir -p -m 0755 -- "${3%/*}"
        if ! cp -a -- "$guard/saved/$1" "$stage"; then # the disk is full: the copy itself goes back
            rm -rf -- "$stage"
            stage=$guard/saved/$1
        fi
        add_staying "$3" "$stage"
        add_entries "$3" "$stage"
        if same "$stage" "$3"; then
            rm -rf -- "$stage"
            return 0
        fi
        sync -f -- "$stage"
        # The copy itself, from another disk, mv would take away file by file.
        if [ "$stage" = "$guard/saved/$1" ] && ! are_on_one_disk "$stage" "${3%/*}"; then
            rm -rf -- "$3"
            cp -a -T -- "$stage" "$3" || return
        else
            if [ -d "$3" ] && [ ! -L "$3" ]; then mv -T -- "$3" "$old"; fi
            if ! mv -fT -- "$stage" "$3"; then # a mount point cannot be renamed
                cp -a --remove-destination -T -- "$guard/saved/$1" "$3" || return
            fi
            rm -rf -- "$old" "${3%/*}/.ringfence-guard-new.${3##*/}"
        fi
    fi
    printf '%s\n' "$3" >>"$guard/reverted"
}
keep_copy() { # number path: what could not be put back is not lost
    kept=$guard/not-put-back.$(field "$guard/record" run)
    mkdir -p -- "$kept"
    [ ! -e "$guard/saved/$1" ] && [ ! -L "$guard/saved/$1" ] || mv -T -- "$guard/saved/$1" "$kept/$1"
    printf '%s %s\n' "$1" "$2" >>"$kept/list"
    printf 'cannot put back %s: its copy is %s\n' "$2" "$kept/$1" >&2
}
put_back_ruleset() {
    if [ -s "$guard/ruleset" ]; then
        nft -f "$guard/ruleset" || nft flush ruleset
    elif [ -e "$guard/ruleset.none" ] && command -v nft >/dev/null; then
        nft flush ruleset
    fi
}
put_back_settings() {
    while read -r path value; do
        [ -e "$path" ] && [ "$(cat -- "$path")" != "$value" ] || continue # an interface may be gone
        if printf '%s\n' "$value" >"$path"; then
            printf '%s\n' "$path" >>"$guard/reverted"
        else
            printf 'cannot put back %s\n' "$path" >&2
        fi
    done <"$guard/settings"
}
enable_as_before() { # unit state
    [ "$(systemctl is-enabled -- "$1" 2>/dev/null | head -n 1)" != "$2" ] || return 0
    case $2 in
        enabled) systemctl --quiet unmask -- "$1" && systemctl --quiet enable -- "$1" ;;
        disabled) systemctl --quiet unmask -- "$1" && systemctl --quiet disable -- "$1" ;;
        masked) systemctl --quiet mask -- "$1" ;;
    esac
}
run_as_before() { # unit active-state reason
    verb=stop
    case $2 in active | activating | reloading) verb=restart ;; esac
    systemctl reset-failed -- "$1" 2>/dev/null
    if [ "$3" = boot ]; then # its dependencies start after this service has ended
        [ "$verb" = stop ] || verb=start
        systemctl --no-block $verb -- "$1"
    elif [ "$verb" = restart ] && [ "$1" = ssh.service ] && systemctl --quiet is-active -- "$1" &&
        ! sshd -t 2>/dev/null; then
        # What was saved was broken already: the sshd that runs is the only way in. (Of one that does
        # not run sshd -t says nothing: its /run/sshd went with it.)
        printf 'left %s running: its former configuration is refused by sshd -t\n' "$1" >&2
    elif [ "$verb" = restart ] || systemctl --quiet is-active -- "$1"; then
        timeout 30 systemctl $verb -- "$1"
    fi
}
put_back() { # reason
    # An operation that is at work ends first; one whose connection is dead holds nothing up.
    exec 9>"$base/lock" && flock -w 10 9
    : >"$guard/reverted"
    [ "$1" = boot ] || put_back_ruleset
    brought_since "$guard/packages" >"$guard/brought"
    while read -r number kind path; do
        put_back_path "$number" "$kind" "$path" || keep_copy "$number" "$path"
    done <"$guard/list"
    put_back_settings # at boot too: the boot may have made those of the new files already
    sync
    systemctl daemon-reload
    while read -r unit active enabled; do
        enable_as_before "$unit" "$enabled"
        run_as_before "$unit" "$active" "$1"
    done <"$guard/units" 2>/dev/null
    [ "$1" = boot ] || put_back_ruleset # a service that was restarted may have loaded another
    exec 9>&-
    run=$(field "$guard/record" run)
    # Room for the records on a full disk. By another name first: a revert that is killed while they go
    # must not leave half a copy to the next, which would put it back.
    [ ! -d "$guard/saved" ] || mv -T -- "$guard/saved" "$guard/done"
    rm -rf -- "$guard/done"
    { printf 'at=%s\nreason=%s\nrun=%s\n' "$(now)" "$1" "$run"; } | write "$guard/last-revert"
    ended "reverted: $1"
    clean
    unlock "$run"
}
revert() { # reason [run]
    if [ ! -e "$guard/armed" ]; then
        clean
        [ -z "${2:-}" ] || unlock "$2"
        return
    fi
    [ -z "${2:-}" ] || [ "$(field "$guard/record" run)" = "$2" ] ||
        fail "armed by another run: $(field "$guard/record" run)"
    put_back "$1"
}

status() {
    state=idle
    [ ! -e "$guard/record" ] || state=half-armed
    [ ! -e "$guard/armed" ] || state=armed
    printf 'state=%s\n' "$state"
    [ "$state" = idle ] || cat -- "$guard/record"
    [ "$state" != armed ] || printf 'left=%s\n' "$(seconds_left)"
    [ ! -e "$guard/lock" ] || { sed 's/^/lock_/' "$guard/lock" && printf 'lock_age=%s\n' "$(lock_age)"; }
    [ ! -e "$guard/last-revert" ] || sed 's/^/reverted_/' "$guard/last-revert"
    [ ! -s "$guard/reverted" ] || sed 's/^/reverted_path=/' "$guard/reverted"
    for kept in "$guard"/not-put-back.*/; do
        [ ! -s "${kept}list" ] || sed "s|^\([0-9]*\) \(.*\)|not_put_back=\2 (${kept}\1)|" "${kept}list"
    done
    [ ! -e "$guard/last" ] || sed 's/^/last_/' "$guard/last"
}
seconds_left() {
    began=$(systemctl show -p ActiveEnterTimestampMonotonic --value ringfence-guard.timer)
    echo $((${began:-0} / 1000000 + $(field "$guard/record" deadline) - $(cut -d. -f1 /proc/uptime)))
}

action=$1
shift
case $action in
    status) ;;
    *) alone ;;
esac
case $action in
    arm) arm "$@" ;;
    renew) renew "$@" ;;
    disarm) disarm "$@" ;;
    lock) lock "$@" ;;
    unlock) unlock "$@" ;;
    revert) revert "$@" ;;
    status) status ;;
    *) fail "the guard does not know $action" ;;
esac
