# shellcheck shell=sh disable=SC2015,SC2016
# Loads a file of rules so that no connection that is open is lost, and nothing else filters.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
fail() {
    printf 'ringfence: %s\n' "$*" >&2
    exit 1
}
track() {
    # The kernel follows connections only while a rule asks for their state. Without this the next
    # packet of an open connection would count as a new one, and its answers would be rejected. What
    # is printed makes the connection of this very run speak.
    nft list ruleset | grep -q 'ct state' && return
    nft -f - <<'END' || fail "this kernel can't follow connections"
table inet ringfence_tracking {
    chain seen_in { type filter hook input priority raw + 200; ct state established accept; }
    chain seen_out { type filter hook output priority raw + 200; ct state established accept; }
    chain seen_through { type filter hook forward priority raw + 200; ct state established accept; }
}
END
    for _ in 1 2 3 4 5 6; do
        printf 'waiting for open connections to be seen\n'
        sleep 0.5
    done
}
others() { # family and name of our table: statements that delete every other table
    nft list tables | while read -r _ family name; do
        [ "$family $name" = "$1" ] || printf 'delete table %s %s\n' "$family" "$name"
    done
}
plain() { # a listing without the elements of its sets, which are written over several lines
    awk '/^[ \t]*elements = \{/ { skip = 1 } !skip { print } skip && /\}/ { skip = 0 }'
}
kept() { # family, table, set...: what the dynamic sets hold, as statements
    family=$1 table=$2
    shift 2
    for set; do nft list set "$family" "$table" "$set" 2>/dev/null; done
}
load() { # path family table set...
    path=$1 family=$2 table=$3
    shift 3
    nft -c -f "$path" || fail "$path is refused by nft: nothing was changed"
    track
    { others "$family $table"; cat -- "$path"; } | nft -f - || fail "$path can't be loaded"
    wanted=$(unshare --net sh -c 'nft -f "$1" && nft -s list ruleset' sh "$path" | plain)
    [ "$(nft -s list ruleset | plain)" != "$wanted" ] || return 0
    # A chain or set that the file doesn't have was in our table: it goes with the table, in one step.
    { printf 'delete table %s %s\n' "$family" "$table"; cat -- "$path"; kept "$family" "$table" "$@"; } |
        nft -f - || fail "$path can't replace the table $family $table"
    [ "$(nft -s list ruleset | plain)" = "$wanted" ] || fail "other rules came back while $path was loaded"
}
forward() { # 0 or 1
    for family in ipv4 ipv6; do
        [ -d "/proc/sys/net/$family" ] || continue
        # Turning forwarding of IPv4 off makes the kernel take redirects (inet_forward_change).
        redirects=/proc/sys/net/$family/conf/all/accept_redirects taken=$(cat "$redirects")
        # Setting `all` sets every interface.
        for name in default all; do
            switch=/proc/sys/net/$family/conf/$name/forwarding
            # The kernel passes a value on to the interfaces only when it changes.
            printf '%s\n' "$((1 - $1))" >"$switch" && printf '%s\n' "$1" >"$switch" ||
                fail "cannot set forwarding of $family"
        done
        printf '%s\n' "$taken" >"$redirects" || fail "cannot keep redirects of $family as they were"
    done
}
stop() { # unit
    systemctl disable -- "$1" 2>/dev/null
    systemctl stop -- "$1" || fail "$1 doesn't stop"
    printf 'stopped %s, whose port nothing declares\n' "$1"
}
