# shellcheck shell=sh disable=SC2015,SC2154
# Writes GRUB's menu anew, unless an entry of it would wait for a password. Needs the functions of tree.sh, and those of
# the fact boot_loader.sh.
written() { # menu: makes it beside the one that starts the host
    grub-mkconfig -o "$1" >"$work/said" 2>&1 && grub-script-check "$1" >>"$work/said" 2>&1
}
write_menu() { # script
    stage=$(mktemp /boot/grub/.ringfence.XXXXXXXX) || fail "cannot write to /boot/grub"
    reason=
    if ! written "$stage"; then
        reason="grub-mkconfig failed: $(tail -n 1 "$work/said")"
    elif entry=$(waiting "$stage" | head -n 1) && [ -n "$entry" ]; then
        reason="an entry would wait for the password, and the host with it: add --unrestricted to: $entry"
    fi
    if [ -n "$reason" ]; then
        # Whatever writes the menu next, such as a new kernel's package, would write the same.
        rm -f -- "$stage" "$1"
        fail "$reason"
    fi
    keep "$menu"
    chmod 0600 "$stage" && mv -f -- "$stage" "$menu" || fail "cannot replace $menu"
    sync
    printf 'wrote the boot menu\n'
}
