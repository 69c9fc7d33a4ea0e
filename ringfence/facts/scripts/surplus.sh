# shellcheck shell=sh disable=SC2016
# Prints which of some packages are installed, the units that start or run though no package brought them, and
# the drop-ins that change what a package's unit does.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
installed() { # package...
    dpkg-query -W -f='${db:Status-Status} ${Package}\n' -- "$@" 2>/dev/null | sed -n 's/^installed /package /p' | sort -u
}
packaged() { # the files of units and of init scripts that packages brought, without /usr before them
    dpkg-query -S '*/systemd/system/*' '/etc/init.d/*' 2>/dev/null | sed 's/^[^/]*: //; s,^/usr/,/,' | sort -u
}
of_kinds() {
    grep -E '^[^/]+\.(service|socket|timer|path)$'
}
roots() { # the folders of units, each once: /lib may be /usr/lib
    systemd-analyze unit-paths | while IFS= read -r root; do
        [ ! -d "$root" ] || [ "$(readlink -f -- "$root")" != "$root" ] || printf '%s\n' "$root"
    done
}
started() { # folder...: the names of what starts at boot, by links to it, or runs
    find "$@" -mindepth 2 -maxdepth 2 ! -path '/run/systemd/generator*' \
        \( -path '*.wants/*' -o -path '*.requires/*' -o -path '*.upholds/*' \) -printf '%f\n'
    find "$@" -mindepth 1 -maxdepth 1 -type l ! -path '/usr/lib/*' ! -path '/run/systemd/generator*' -printf '%f\n'
    sed -n 's/^\([^ ]*\)  *[^ ]*  *\(active\|activating\|reloading\|deactivating\|refreshing\)\( .*\)*$/\1/p' "$lists/loaded"
}
doubtful() { # of the started, those that another file than a package's may stand behind
    awk -v lists="$lists" '
        function read(name, into,   line) { while ((getline line <(lists "/" name)) > 0) into[line] = 1 }
        BEGIN { read("brought", brought); read("elsewhere", elsewhere) }
        {
            kind = $0
            sub(/^.*[.]/, "", kind)
            file = $0
            if (sub(/@[^@]*$/, "@", file)) file = file "." kind
            if ($0 in elsewhere || file in elsewhere || !(file in brought || $0 in brought)) print
        }' "$lists/started"
}
changes() { # folder...: the drop-ins that no package brought, but for our own
    find "$@" -mindepth 2 -maxdepth 2 -path '*.d/*.conf' ! -path '/run/systemd/generator*' ! -type d -printf '%p\n' |
        sed 's,^/usr/,/,' | grep -vxFf "$lists/packaged" | grep -vxFf "$lists/own"
}
foreign() { # own drop-in...: units that start or run, and drop-ins with whether the unit runs, that no package brought
    # The unit in which this very question runs is not one of the host's.
    own=$(sed -n 's,^0::/.*/\([^/]*\.service\)\(/.*\)*$,\1,p' /proc/self/cgroup)
    lists=$(mktemp -d) || exit 1
    packaged >"$lists/packaged"
    printf '%s\n' "$@" >"$lists/own"
    systemctl list-units --all --no-legend --plain | grep -E '^[^ ]+\.(service|socket|timer|path) ' >"$lists/loaded"
    # systemd goes through all of its folders for each unit of which it tells, and that takes it milliseconds. So it
    # is asked of those alone behind which the folders show anything but a package's file, unless drop-ins change units.
    folders=$(roots)
    [ -n "$folders" ] || exit 1 # else find would look through the folder that this runs in
    # shellcheck disable=SC2086 # folders of systemd have no spaces
    {
        started $folders | of_kinds | sed 's/@\./@ringfence./' | sort -u >"$lists/started"
        sed -n 's,^.*/systemd/system/\([^/]*\)$,\1,p' "$lists/packaged" >"$lists/brought"
        find $folders -mindepth 1 -maxdepth 1 ! -path '/usr/lib/*' -printf '%f\n' | of_kinds >"$lists/elsewhere"
        doubtful >"$lists/asked"
        if [ -n "$(changes $folders)" ]; then
            find $folders -mindepth 1 -maxdepth 1 -printf '%f\n' | of_kinds | sed 's/@\./@ringfence./' >>"$lists/asked"
            sed 's/ .*//' "$lists/loaded" >>"$lists/asked"
        fi
    }
    sort -u "$lists/asked" |
        xargs -r systemctl show -p Id,Names,LoadState,ActiveState,FragmentPath,SourcePath,DropInPaths -- |
        awk -v own="$own" -v lists="$lists" '
            function read(name, into,   line) { while ((getline line <(lists "/" name)) > 0) into[line] = 1 }
            function is_packaged(path) { sub("^/usr/", "/", path); return path in known }
            function starts(   count, names, i) {
                count = split(value["Names"], names, " ")
                for (i = 1; i <= count; i++) if (names[i] in begun) return 1
                return 0
            }
            function told(   path, count, paths, i, runs) {
                path = value["FragmentPath"]
                if (path ~ "^/run/systemd/generator") path = value["SourcePath"] ~ "^/etc/init.d/" ? value["SourcePath"] : ""
                if (starts() && value["LoadState"] != "masked" && value["Id"] != own && path != "" && !is_packaged(path))
                    print "unit " value["Id"]
                runs = value["ActiveState"] ~ /^(active|activating|reloading|refreshing)$/ ? "runs" : "rests"
                count = split(value["DropInPaths"], paths, " ")
                for (i = 1; i <= count; i++)
                    if (!is_packaged(paths[i]) && paths[i] !~ "^/run/systemd/generator") print "drop-in", value["Id"], runs, paths[i]
                split("", value)
            }
            BEGIN { read("packaged", known); read("started", begun) }
            $0 == "" { told(); next }
            { at = index($0, "="); value[substr($0, 1, at - 1)] = substr($0, at + 1) }
            END { told() }' | sort -u
    rm -rf -- "$lists"
}
printf 'ringfence-surplus\n'
