# shellcheck shell=sh
# Prints the sources of packages, settings of apt's that do without signatures, and keys that count for every
# source. Texts are coded. apt reads the names that end in .list and .sources alone (sources.list(5)).
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
entry() { # file first last: its lines without comments
    text=$(sed -n "$2,$3p" "$1" | grep -v '^[[:space:]]*#')
    if [ -n "$text" ]; then printf 'entry %s %s %s %s\n' "$(coded "$1")" "$2" "$3" "$(coded "$text")"; fi
}
sources() {
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        grep -nE '^[[:space:]]*deb(-src)?[[:space:]]' "$file" | cut -d: -f1 | while read -r number; do
            entry "$file" "$number" "$number"
        done
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        # Stanzas are parted by empty lines.
        awk 'NF == 0 { if (first) print first, NR - 1; first = 0; next } !first { first = NR } END { if (first) print first, NR }' \
            "$file" | while read -r first last; do
            entry "$file" "$first" "$last"
        done
    done
}
loose() {
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
        [ -f "$file" ] || continue
        grep -niE '(Allow(Insecure|Weak|DowngradeToInsecure)Repositories|AllowUnauthenticated|Verify-(Peer|Host))"?[[:space:]]' "$file" |
            grep -vE '^[0-9]+:[[:space:]]*(//|#)' |
            grep -iE '(Allow[a-z]*"?[[:space:]]+"?(yes|true|1|on|with|enable)|Verify-(Peer|Host)"?[[:space:]]+"?(no|false|0|off|without|disable))' |
            cut -d: -f1 | while read -r number; do
            printf 'loose %s %s\n' "$(coded "$file")" "$number"
        done
    done
}
keys() {
    for file in /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d/*; do
        [ -s "$file" ] || continue
        dpkg-query --search -- "$file" >/dev/null 2>&1 || printf 'key %s\n' "$(coded "$file")"
    done
}
open_keys() { # path...: key files that others than root may write
    for file; do
        [ -n "$(find -L "$file" -maxdepth 0 ! -user root -o -maxdepth 0 -perm /022 2>/dev/null)" ] || continue
        printf 'open %s\n' "$(coded "$(readlink -f "$file")")"
    done
}
printf 'ringfence-repositories\n'
