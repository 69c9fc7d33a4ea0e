# shellcheck shell=sh disable=SC2016
# Prints which of some packages are installed, the units that start or run though no package brought them, and
# the drop-ins that change what a package's unit does.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
installed() { # package...
    dpkg-query -W -f='${db:Status-Status} ${Package}\n' -- "$@" 2>/dev/null | sed -n 's/^installed /package /p' | sort -u
}
kinds=service,socket,timer,path
started() { # of a list of unit files with their states, and of one of loaded units, the names of those that start or run
    sed -n 's/^\([^ ]*\)  *\(enabled\|enabled-runtime\|linked\|linked-runtime\)\( .*\)*$/\1/p' "$1"
    sed -n 's/^\([^ ]*\)  *[^ ]*  *\(active\|activating\|reloading\|deactivating\)\( .*\)*$/\1/p' "$2"
}
packaged() { # the files of units and of init scripts that packages brought, without /usr before them
    dpkg-query -S '*/systemd/system/*' '/etc/init.d/*' 2>/dev/null | sed 's/^[^/]*: //; s,^/usr/,/,' | sort -u
}
foreign() { # units that start or run, and drop-ins with whether the unit runs, that no package brought
    # The unit in which this very question runs is not one of the host's.
    own=$(sed -n 's,^0::/.*/\([^/]*\.service\)\(/.*\)*$,\1,p' /proc/self/cgroup)
    lists=$(mktemp -d) || exit 1
    packaged >"$lists/packaged"
    # Of a template systemd speaks by the name of an instance.
    systemctl list-unit-files --no-legend --plain --type="$kinds" | sed 's/@\./@ringfence./' >"$lists/files"
    systemctl list-units --all --no-legend --plain --type="$kinds" >"$lists/loaded"
    started "$lists/files" "$lists/loaded" >"$lists/started"
    # Loaded or not: a service that a timer starts is loaded no earlier.
    cat "$lists/files" "$lists/loaded" | sed 's/ .*//' | sort -u |
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
