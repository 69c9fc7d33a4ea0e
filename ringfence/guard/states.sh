# shellcheck shell=sh disable=SC2015,SC2174
# The host's half of rollback: what each run changed here, so that it can be undone. Runs as root, from a
# channel of Ringfence's; `record` and `acted` are called by the operations while a run is open.
#
#   open RUN OWNER    a run is about to change this host; coverage on standard input, as guard.sh takes it
#   record PATH...    paths are about to be replaced, made or removed    acted VERB UNIT
#   record_entry PATH the same of a directory, without what is in it
#   close RUN         it is over: what it left as it was is dropped; the last five states are kept
#   list              the runs that changed this host, oldest first: run, when, changes (- if dropped), who
#   plan RUN...       what undoing these runs, the newest first, would change now
#   restore BY RUN... undoes them, as the run BY, for which this host must be armed
#
# Everything lies in $states, which root alone may enter:
#   states     this script        open   the run that changes this host now
#   log        every run that changed something, the last 200
#   RUN/list   number, kind of what was there before (file, directory, absent), path
#   RUN/saved  copies by number   RUN/after   what the run made of account databases
#   RUN/units  unit, active, enabled before      RUN/acted   what the run did with units
#   RUN/packages  what was installed before
#   RUN/closed the marker of a state that can be restored
set -u
umask 077
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
base=/var/lib/ringfence
states=$base/states
guard=$base/guard
work=$states/.work
kept=5
stale=120 # seconds after which a lock that nobody renewed is nobody's (guard.sh)

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}
alone() {
    mkdir -p -m 0755 -- "$base" && mkdir -p -m 0700 -- "$states" || fail "cannot write to $base"
    exec 8>"$states/.alone" && flock -w 60 8 || fail "another command about this host's states does not end"
}
field() { # file key
    sed -n "s/^$2=//p" "$1" 2>/dev/null | head -n 1
}
write() { # file; content on standard input
    cat >"$1.new" && sync -- "$1.new" && mv -fT -- "$1.new" "$1" || fail "cannot write $1"
}
is_there() {
    [ -e "$1" ] || [ -L "$1" ]
}
is_directory() {
    [ -d "$1" ] && [ ! -L "$1" ]
}
opened() {
    [ ! -e "$states/open" ] || { read -r run <"$states/open" && printf '%s\n' "$run"; }
}
armed_for() { # run
    [ -e "$guard/armed" ] && [ "$(field "$guard/record" run)" = "$1" ]
}

# --- what is there --------------------------------------------------------------------------------
keeps() { # path: whether it is one to keep; a name that a line cannot hold lies in previous/ alone
    case $1 in
        /run/* | /proc/* | /sys/* | /dev/* | /tmp/*) return 1 ;;
        "$states" | "$states"/* | "$guard" | "$guard"/*) return 1 ;;
        */.ringfence.???????? | */.ringfence.????????/*) return 1 ;;
        # A second factor that was replaced must not come back, nor a code that was used be good again.
        /etc/ringfence/totp/*) return 1 ;;
        *[[:space:]] | *'
'*) return 1 ;;
    esac
}
keep() { # number path; sets kind
    kind=absent copy=$state/saved/$1
    shift
    ! is_there "$copy" || rm -rf -- "$copy" # of a recording that was killed
    if is_directory "$1"; then
        kind=directory
        mkdir -- "$copy" && chown --reference="$1" -- "$copy" && chmod --reference="$1" -- "$copy" ||
            fail "cannot keep the state of $1"
    elif is_there "$1"; then
        kind='file'
        cp -a -- "$1" "$copy" || fail "cannot keep the state of $1"
    fi
}
record_lines() { # paths by lines; a slow host takes long for each process, so an entry costs one, or three
    unknown >"$state/unknown"
    number=$(wc -l <"$state/list") || fail "cannot read $state/list"
    set --
    while IFS= read -r entry; do
        keeps "$entry" || continue
        number=$((number + 1))
        keep "$number" "$entry"
        [ "$kind" != file ] || [ -L "$copy" ] || [ $# -ge 100 ] || set -- "$@" "$copy"
        printf '%s %s %s\n' "$number" "$kind" "$entry" || fail "cannot write to $state"
    done <"$state/unknown" >"$state/list.more"
    case $# in 0) ;; ? | ??) sync -- "$@" ;; *) sync -f -- "$state" ;; esac && lengthen_list ||
        fail "cannot write to $state"
}
unknown() { # of paths by lines, those that the list doesn't have yet
    cut -d' ' -f3- -- "$state/list" >"$state/known" || fail "cannot write to $state"
    grep -vxFf "$state/known" || [ $? = 1 ] || fail "cannot tell what of the host's state is kept already"
}
lengthen_list() { # by list.more; of a full disk no half line stays, which would be another path
    [ -s "$state/list.more" ] || return 0
    lines=$(wc -l <"$state/list")
    cat -- "$state/list.more" >>"$state/list" && sync -- "$state/list" && return
    truncate -s "$(head -n "$lines" -- "$state/list" | wc -c)" -- "$state/list"
    false
}
entries_of() { # directory: it and what is in it, by lines
    find "$1" -name '*
*' -prune -o -print
}
record() { # path...
    for recorded; do
        keeps "$recorded" || continue
        if is_directory "$recorded"; then entries_of "$recorded"; else printf '%s\n' "$recorded"; fi
    done | record_lines || exit 1
}
record_entry() { # path
    keeps "$1" || return 0
    printf '%s\n' "$1" | record_lines || exit 1
}
units_now() { # unit, active, enabled, as far as a role may change it
    found=$({
        systemctl list-unit-files --no-legend --no-pager --plain && printf '\n' &&
            systemctl list-units --all --no-legend --no-pager --plain
    } | awk '!NF { running = 1; next }
        $1 !~ /[.](service|socket|timer|path)$/ || $1 ~ /^ringfence-guard/ { next }
        !running && $2 ~ /^(generated|transient)$/ { next }
        running { active[$1] = $3; unit[$1]; next }
        { enabled[$1] = $2; unit[$1] }
        END { for (name in unit) print name, (name in active) ? active[name] : "inactive",
            (name in enabled) ? enabled[name] : "absent" }')
    [ -n "$found" ] || fail "systemd does not say which units there are"
    printf '%s\n' "$found"
}
rules_now() {
    command -v nft >/dev/null || return 0
    nft -s list ruleset
}
undone() { # before after now: now, with the entries that differ between the two as they were before
    # An entry that the run added stays: a package may own it, and packages stay.
    awk -F: 'which == "before" { before[$1] = $0; order[++count] = $1; next }
        which == "after" { after[$1] = $0; next }
        !($1 in before) || before[$1] == after[$1] { print; next }
        { print before[$1]; done[$1] }
        END { for (i = 1; i <= count; i++)
            if (before[order[i]] != after[order[i]] && !(order[i] in done)) print before[order[i]] }' \
        which=before "$1" which=after "$2" which=now "$3"
}

# --- a run begins and ends ------------------------------------------------------------------------
open() { # run owner; coverage on standard input
    [ "$(opened)" != "$1" ] || return 0
    [ ! -e "$states/open" ] || close "$(opened)"
    for state in "$states"/*/; do # what a run that was killed left of a state
        [ -e "$state/closed" ] || [ ! -d "$state" ] || rm -rf -- "$state"
    done
    mv -fT -- "$0" "$states/states" || fail "cannot write to $states"
    state=$states/$1
    trap 'rm -rf -- "$state"' EXIT
    rm -rf -- "$state"
    mkdir -- "$state" "$state/saved" "$state/after" || fail "cannot write to $states"
    : >"$state/list" && : >"$state/acted" && : >"$state/services" && : >"$state/directories" ||
        fail "cannot write to $states"
    units_now >"$state/units" || exit 1
    installed >"$state/packages" || fail "cannot write to $states"
    while read -r what argument; do
        case $what in
            path) cover "$argument" ;;
            home) cover_home "${argument%% *}" "${argument#* }" ;;
            service) printf '%s\n' "$argument" >>"$state/services" ;;
            rulesets) rules_now >"$state/rules" || fail "cannot keep the ruleset" ;;
            setting) ;; # the guard's alone: going back has the boot's settings made again
            *) fail "it is not known how to keep the state of $what" ;;
        esac || exit 1
    done
    record_covered
    printf 'run=%s\nowner=%s\nat=%s\n' "$1" "$2" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" | write "$state/record"
    sync -f -- "$state"
    printf '%s\n' "$1" | write "$states/open"
    trap - EXIT
}
cover() { # path
    printf '%s\n' "$1" >>"$state/directories" || fail "cannot write to $state"
}
record_covered() {
    set --
    while IFS= read -r covered; do set -- "$@" "$covered"; done <"$state/directories"
    record "$@"
}
cover_home() { # account, path in its home
    home=$(getent passwd -- "$1" | cut -d: -f6)
    [ ! -d "$home" ] || [ "$home" = / ] || cover "$home/$2"
}
close() { # run
    [ "$(opened)" = "$1" ] || return 0
    state=$states/$1
    if [ -e "$state/closed" ] || [ ! -e "$state/record" ]; then
        rm -f -- "$states/open"
        return
    fi
    while IFS= read -r covered; do # what is new in it was absent
        ! is_directory "$covered" || entries_of "$covered"
    done <"$state/directories" | awk '!seen[$0]++' | unknown >"$state/unknown" || exit 1
    while IFS= read -r entry; do
        ! keeps "$entry" || printf '0 absent %s\n' "$entry" || fail "cannot write to $state"
    done <"$state/unknown" >"$state/list.more"
    lengthen_list || fail "cannot write to $state"
    while read -r number kind path; do
        ! is_as "$kind" "$state/saved/$number" "$path" || continue
        if is_accounts "$path" && [ "$kind" = file ] && [ -f "$path" ]; then
            cp -a -- "$path" "$state/after/$number" || fail "cannot write to $state"
        fi
        printf '%s %s %s\n' "$number" "$kind" "$path" || fail "cannot write to $state"
    done <"$state/list" >"$state/list.new"
    units_now >"$state/units.now" || exit 1
    [ -e "$state/units.before" ] || mv -- "$state/units" "$state/units.before"
    # What was only restarted, for no file that is changed, needs nothing undone.
    awk -v files="$(wc -l <"$state/list.new")" '
        which == "acted" { acted[$2]; next }
        which == "services" { watched[$1]; next }
        which == "before" { active[$1] = $2; enabled[$1] = $3; unit[$1]; next }
        { running[$1] = $2; starts[$1] = $3; unit[$1] }
        END { for (name in unit) {
            a = (name in active) ? active[name] : "inactive"; e = (name in enabled) ? enabled[name] : "absent"
            s = (name in starts) ? starts[name] : "absent"
            if (e != s || name in acted && files || (name in acted || name in watched) && a != running[name])
                print name, a, e } }' \
        which=acted "$state/acted" which=services "$state/services" \
        which=before "$state/units.before" which=now "$state/units.now" >"$state/units" ||
        fail "cannot write to $state"
    if [ -e "$state/rules" ] && [ "$(rules_now)" = "$(cat -- "$state/rules")" ]; then rm -f -- "$state/rules"; fi
    sync -- "$state/list.new" && mv -fT -- "$state/list.new" "$state/list" || fail "cannot write to $state"
    if [ -s "$state/list" ] || [ -s "$state/units" ] || [ -e "$state/rules" ]; then
        keep_state "$1"
        rm -f -- "$states/open"
    else
        : >"$states/ended" || fail "cannot write to $states" # it was here, though it has no line in the log
        rm -f -- "$states/open"
        rm -rf -- "$state"
    fi
}
keep_state() { # run
    grep -q "^$1 " "$states/log" 2>/dev/null ||
        printf '%s %s %s\n' "$1" "$(field "$state/record" at)" "$(field "$state/record" owner)" |
        cat -- "$states/log" - 2>/dev/null | tail -n 200 | write "$states/log"
    : >"$state/closed" && sync -f -- "$state" || fail "cannot write to $state"
    rm -f -- "$state/units.before" "$state/units.now" "$state/services" "$state/directories" \
        "$state/known" "$state/unknown" "$state/list.more"
    while read -r run _; do
        [ ! -e "$states/$run/closed" ] || printf '%s\n' "$run"
    done <"$states/log" | head -n "-$kept" | while read -r run; do
        rm -f -- "$states/$run/closed"
        rm -rf -- "${states:?}/$run"
    done
}
settle() { # close the state of a run that died
    run=$(opened)
    [ -n "$run" ] && ! armed_for "$run" || return 0
    if [ "$(field "$guard/lock" run)" = "$run" ] &&
        [ $(($(date +%s) - $(stat -c %Y -- "$guard/lock"))) -lt $stale ]; then
        return 0
    fi
    close "$run"
}
list() {
    settle
    [ -e "$states/log" ] || return 0
    while read -r run at owner; do
        changes=-
        [ ! -e "$states/$run/closed" ] || changes=$(cat -- "$states/$run/list" "$states/$run/units" | wc -l)
        printf '%s %s %s %s\n' "$run" "$at" "$changes" "$owner"
    done <"$states/log"
}

# --- going back -----------------------------------------------------------------------------------
line_break='
'
alike() { # path path: whether both are of one type, mode, owner, group and access list, and lead to one place
    found=$(find "$1" "$2" -maxdepth 0 -printf '%y %m %U %G %l//\n')
    [ "${found%%"//$line_break"*}//" = "${found#*"//$line_break"}" ] || return
    if [ -L "$1" ] || ! command -v getfacl >/dev/null; then return; fi
    found=$(getfacl -cnp -- "$1" "$2")
    [ "${found%%"$line_break$line_break"*}" = "${found#*"$line_break$line_break"}" ]
}
is_as() { # kind copy path: whether a path is now what it was
    case $1 in
        absent) ! is_there "$3" ;;
        directory) is_directory "$3" && alike "$2" "$3" ;;
        *) is_there "$3" && { [ -L "$2" ] || cmp -s -- "$2" "$3"; } && alike "$2" "$3" ;;
    esac
}
staying() { # entries of files that were absent, and are as a package has brought them since
    brought_since "$states/${oldest_first%% *}/packages" | awk '
        which == "entries" { if ($3 == "absent") { sub(/^[^ ]+ [^ ]+ [^ ]+ /, ""); absent[$0] } next }
        substr($0, 35) in absent' which=entries "$work/entries" which=brought - |
        md5sum -c 2>/dev/null | sed -n 's/: OK$//p'
}
goes_whole() { # directory: whether all that is in it is to go
    ! entries_of "$1" | grep -qvxF -f "$work/absent"
}
gather() { # run...: what is to be done, in $work
    rm -rf -- "$work"
    mkdir -- "$work" && : >"$work/todo" || fail "cannot write to $states"
    oldest_first='' newest_first=$*
    for run; do
        [ -e "$states/$run/closed" ] || fail "the state of run $run is not kept here"
        oldest_first="$run $oldest_first"
    done
    for run in $oldest_first; do sed "s/^/$run /" "$states/$run/list"; done |
        awk '{ path = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", path) } !seen[path]++' >"$work/entries"
    staying >"$work/staying"
    awk 'which == "staying" { stays[$0]; next }
        { path = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", path) } !($3 == "absent" && path in stays)' \
        which=staying "$work/staying" which=entries "$work/entries" >"$work/entries.new" &&
        mv -fT -- "$work/entries.new" "$work/entries" || fail "cannot write to $states"
    awk '$3 == "absent" { sub(/^[^ ]+ [^ ]+ [^ ]+ /, ""); print }' "$work/entries" >"$work/absent"
    while read -r run number kind path; do
        source=$states/$run/saved/$number
        if is_accounts "$path" && [ "$kind" = file ] && [ -f "$path" ]; then
            source=$work/${path##*/}
            undo_accounts "$path" "$source"
        fi
        ! is_as "$kind" "$source" "$path" || continue
        [ "$kind" != absent ] || ! is_directory "$path" || goes_whole "$path" || continue
        printf '%s %s %s\n' "$kind" "${source#"$states/"}" "$path" >>"$work/todo"
    done <"$work/entries"
    for run in $oldest_first; do cat -- "$states/$run/units"; done | awk '!seen[$1]++' >"$work/units"
    for run in $oldest_first; do cat -- "$states/$run/acted"; done >"$work/acted"
    for run in $newest_first; do
        [ ! -e "$states/$run/rules" ] || cp -- "$states/$run/rules" "$work/rules"
    done
    if [ -e "$work/rules" ] && [ "$(rules_now)" = "$(cat -- "$work/rules")" ]; then rm -f -- "$work/rules"; fi
    units_now >"$work/units.now" || exit 1
    # Enabled or masked as before, and running as before; what was restarted for files is so again when
    # they go back. A unit that is just starting is left to end by itself.
    awk -v files="$(wc -l <"$work/todo")" '
        function runs(state) { return state ~ /^(active|activating|reloading|refreshing)$/ }
        function start(state) {
            return state ~ /^enabled/ ? "enabled" : state ~ /^masked/ ? "masked" : "off" }
        which == "acted" { if (verb[$2] != "restart") verb[$2] = $1 == "reload" ? "reload" : "restart"; next }
        which == "now" { active[$1] = $2; enabled[$1] = $3; next }
        { wanted = start($3) }
        runs($2) && !runs(active[$1]) { print "restart", $1, wanted; next }
        !runs($2) && active[$1] == "active" { print "stop", $1, wanted; next }
        runs($2) && files && $1 in verb { print verb[$1], $1, wanted; next }
        wanted != start(enabled[$1]) { print start(enabled[$1]) == "masked" ? "unmask" : "leave", $1, wanted }' \
        which=acted "$work/acted" which=now "$work/units.now" which=before "$work/units" >"$work/verbs" ||
        fail "cannot write to $states"
}
undo_accounts() { # path result
    cp -a -- "$1" "$2" || fail "cannot write to $states"
    for run in $newest_first; do
        number=$(awk -v path="$1" '$2 == "file" && $3 == path { print $1 }' "$states/$run/list")
        [ -n "$number" ] && [ -e "$states/$run/after/$number" ] || continue
        undone "$states/$run/saved/$number" "$states/$run/after/$number" "$2" >"$2.new" &&
            cat -- "$2.new" >"$2" || fail "cannot write to $states"
    done
}
tell() { # what was gathered: kind, what becomes of it, its name; separated by tabs
    while read -r kind source path; do
        how='put back'
        [ "$kind" != absent ] || how=removed
        case $source in .work/*) how='entries put back' ;; esac
        printf '%s\t%s\t%s\n' "$kind" "$how" "$path"
    done <"$work/todo"
    while read -r verb unit start; do
        case $verb in
            restart) how=restarted ;;
            reload) how=reloaded ;;
            stop) how=stopped ;;
            unmask) how=unmasked ;;
            *) case $start in off) how='not enabled' ;; *) how=$start ;; esac ;;
        esac
        printf 'unit\t%s\t%s\n' "$how" "$unit"
    done <"$work/verbs"
    [ ! -e "$work/rules" ] || printf 'rules\tloaded\tthe packet filter\n'
}
go_back() { # kind copy path
    if [ "$1" = directory ]; then record_entry "$3"; else record "$3"; fi
    if [ "$1" = absent ]; then
        if is_directory "$3"; then rmdir -- "$3"; else rm -f -- "$3"; fi || fail "cannot remove $3"
        return
    fi
    mkdir -p -m 0755 -- "${3%/*}" || fail "cannot put back $3"
    if [ "$1" = directory ]; then
        is_directory "$3" || { rm -f -- "$3" && mkdir -- "$3"; } || fail "cannot put back $3"
        chown --reference="$2" -- "$3" && chmod --reference="$2" -- "$3" || fail "cannot put back $3"
        return
    fi
    stage=${3%/*}/.ringfence.rollback # of the form that the next apply sweeps away
    rm -rf -- "$stage"
    mkdir -- "$stage" && cp -a -- "$2" "$stage/${3##*/}" && sync -f -- "$stage" || fail "cannot put back $3"
    ! is_directory "$3" || rm -rf -- "$3"
    mv -fT -- "$stage/${3##*/}" "$3" && rmdir -- "$stage" || fail "cannot put back $3"
}
enable_as() { # unit; enabled, masked or off
    now=$(systemctl is-enabled -- "$1" 2>/dev/null | head -n 1)
    case $2:$now in
        enabled:enabled* | masked:masked*) return ;;
        masked:*) systemctl --quiet mask -- "$1" ;;
        *:masked*) systemctl --quiet unmask -- "$1" && enable_as "$1" "$2" ;;
        enabled:*) systemctl --quiet enable -- "$1" ;;
        off:enabled*) systemctl --quiet disable -- "$1" ;;
    esac || fail "cannot make $1 $2"
}
guarded() {
    armed_for "$by" || fail "this host is not armed for run $by (any more)"
}
restore() { # by run...
    by=$1
    shift
    guarded
    [ "$(opened)" = "$by" ] || fail "no state is open for run $by"
    exec 9>"$base/lock" && flock -w 120 9 || fail "another run of Ringfence is changing this host"
    state=$states/$by
    gather "$@"
    tell
    while read -r verb unit start; do # while its file is there
        if [ "$verb" = stop ] && ! refuses_stop "$unit"; then systemctl stop -- "$unit" || fail "cannot stop $unit"; fi
        [ "$start" != off ] || enable_as "$unit" off
    done <"$work/verbs"
    { # parents first; what goes, children first
        grep '^directory' "$work/todo" | sort -k 3
        grep '^file' "$work/todo"
        grep '^absent' "$work/todo" | sort -r -k 3
    } >"$work/steps"
    while read -r kind source path; do
        guarded
        go_back "$kind" "$states/$source" "$path" || exit 1
    done <"$work/steps"
    sync
    systemctl daemon-reload || fail "systemd does not read its units again"
    sleep 1 # a unit that starts in the second of a change of its files seems older than them, to the next apply
    ! grep -q ' /etc/sysctl' "$work/todo" || systemctl restart systemd-sysctl.service
    if [ -e "$work/rules" ]; then
        { echo 'flush ruleset' && cat -- "$work/rules"; } | nft -f - || fail "the former ruleset cannot be loaded"
    fi
    while read -r verb unit start; do
        guarded
        [ "$start" = off ] || enable_as "$unit" "$start"
        case $verb in
            restart | reload) act "$verb" "$unit" ;;
            stop) # what refused it before its drop-in went
                ! systemctl --quiet is-active -- "$unit" || systemctl stop -- "$unit" || fail "cannot stop $unit" ;;
        esac
    done <"$work/verbs"
    rm -rf -- "$work"
}
refuses_stop() { # unit: whether systemd stops it for nobody (RefuseManualStop=)
    [ "$(systemctl show -p RefuseManualStop --value -- "$1" 2>/dev/null)" = yes ]
}
end() { # unit that refuses to be stopped, and comes back by itself (Restart=always)
    main=$(systemctl show -p MainPID --value -- "$1")
    [ "${main:-0}" -gt 0 ] && kill -TERM "$main" || return 1
    tries=0
    until now=$(systemctl show -p MainPID --value -- "$1") && [ "$now" != 0 ] && [ "$now" != "$main" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || return 1
        sleep 1
    done
}
act() { # verb unit
    printf '%s %s\n' "$1" "$2" >>"$state/acted"
    if [ "$2" = ssh.service ]; then
        mkdir -p -m 0755 /run/sshd
        sshd -t || fail "sshd refuses its former configuration"
    fi
    systemctl reset-failed -- "$2" 2>/dev/null
    if [ "$1" = restart ] && refuses_stop "$2" && end "$2"; then return; fi
    timeout 60 systemctl "$1" -- "$2" || fail "systemctl $1 $2 failed"
}

action=$1
shift
case $action in
    open | close | list | plan | restore) alone ;;
    *) state=$states/$(opened) ;;
esac
case $action in
    open) open "$@" ;;
    record | record_entry) "$action" "$@" ;;
    acted) printf '%s %s\n' "$1" "$2" >>"$state/acted" ;;
    close) close "$@" ;;
    list) list ;;
    plan) gather "$@" && tell && rm -rf -- "$work" ;;
    restore) restore "$@" ;;
    *) fail "states does not know $action" ;;
esac
