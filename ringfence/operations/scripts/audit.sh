# shellcheck shell=sh disable=SC2015,SC2174
# Loads rules, starts auditd anew, gives the kernel's line its words. Needs the functions of tree.sh and services.sh.
limit=120 # seconds
takes() { # whether auditd runs, and the kernel gives it the records
    main=$(systemctl show -p MainPID --value auditd.service)
    [ "${main:-0}" -gt 0 ] && [ "$(auditctl -s 2>/dev/null | sed -n 's/^pid //p')" = "$main" ]
}
comes_back() { # pid that it must not have any more
    began=$(date +%s)
    until takes && [ "$main" != "$1" ]; do
        [ "$(($(date +%s) - began))" -lt "$limit" ] || return 1
        sleep 0.2
    done
}
wait_for_auditd() { # pid that it must not have any more
    if ! comes_back "$1"; then
        systemctl status --no-pager --full --lines=10 auditd.service >&2
        leave_sandbox "$1"
        fail "auditd does not take the kernel's records after $limit seconds"
    fi
    printf 'auditd takes the records\n'
}
leave_sandbox() { # pid that it must not have any more: have it run without, if it does
    sandbox=/etc/systemd/system/auditd.service.d/zz-ringfence-sandbox.conf
    [ -f "$sandbox" ] || return 0
    rm -f -- "$sandbox"
    systemctl daemon-reload
    systemctl reset-failed auditd.service 2>/dev/null
    main=$(systemctl show -p MainPID --value auditd.service)
    [ "${main:-0}" -le 0 ] || kill -KILL "$main" 2>/dev/null
    systemctl start auditd.service
    limit=60
    comes_back "$1" && back='it runs without it again' || back='nor without it'
    fail "auditd does not run in its sandbox, $back: name what it needs in confinement.loosened (journalctl -u auditd)"
}
start_or_leave() { # what starts may not start in its sandbox
    (act start auditd.service) && return
    leave_sandbox 0
    exit 1
}
start_auditd() { # path of its configuration...
    settle "$@"
    start_or_leave
    wait_for_auditd 0
}
restart_auditd() { # path of its configuration...: by ending it, for systemd refuses to stop it and starts what ended
    settle "$@"
    [ ! -e /var/lib/ringfence/states/open ] || sh /var/lib/ringfence/states/states acted restart auditd.service || exit 1
    before=$(systemctl show -p MainPID --value auditd.service)
    kill -CONT "$before" 2>/dev/null
    kill -TERM "$before" 2>/dev/null || start_or_leave
    wait_for_auditd "$before"
}
load_rules() { # assembles the rules of /etc/audit/rules.d and gives them to the kernel
    said=$(augenrules --load 2>&1) || fail "the rules cannot be loaded: $(printf '%s\n' "$said" | grep -i -m 1 error)"
    refused=$(printf '%s\n' "$said" | grep -i -m 1 'error in line\|error sending')
    [ -z "$refused" ] || complain "the kernel refuses a rule: $refused"
    printf 'loaded %s rules\n' "$(auditctl -l | grep -c '^-')"
}
acknowledge() { # number of records that were lost
    auditctl --reset-lost >/dev/null || fail "the count of lost records cannot be reset"
    complain "$1 records of the audit were lost since the last apply"
}
reboot_due() { # reason sentence: what ringfence plan tells until the host is rebooted
    mkdir -p -m 0755 /run/ringfence-reboot && printf '%s\n' "$2" >"/run/ringfence-reboot/$1" || fail "cannot write to /run"
    complain "due for a reboot: $2"
}
not_due() { # reason
    rm -f -- "/run/ringfence-reboot/$1"
}
uncover() { # path, over which something is mounted, perhaps more than once
    umount -- "$1" || fail "what is mounted over $1 can't be taken away"
    while grep -qF " $1 " /proc/self/mountinfo; do umount -- "$1" || break; done
    printf 'nothing is mounted over %s\n' "$1"
}
write_boot_menu() {
    update-grub 2>&1 || fail "update-grub failed: the next boot may be without the audit's words"
}
