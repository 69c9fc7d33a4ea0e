# shellcheck shell=sh disable=SC2016
# Prints which of some packages are installed, the units that start or run though no package brought them, and
# the drop-ins that change what a package's unit does.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_BUS_TIMEOUT=2min # a busy manager is not a broken one
export LC_ALL PATH SYSTEMD_BUS_TIMEOUT
installed() { # package...
    dpkg-query -W -f='${db:Status-Status} ${Package}\n' -- "$@" 2>/dev/null | sed -n 's/^installed /package /p' | sort -u
}
kinds=service,socket,timer,path
# The end of an awk program that reads what systemctl shows of units: known has the lines of the file list, and
# told is called after each unit, whose properties value has.
by_unit='
    BEGIN { while ((getline line <list) > 0) known[line] = 1 }
    $0 == "" { told(); next }
    { at = index($0, "="); value[substr($0, 1, at - 1)] = substr($0, at + 1) }
    END { told() }'
started() { # names of units that start at boot or run now; a template's is that of one of its instances
    systemctl list-unit-files --no-legend --plain --type="$kinds" --state=enabled,enabled-runtime,linked,linked-runtime |
        sed -n 's/^\([^ ]*\) .*/\1/; s/@\./@ringfence./; p'
    systemctl list-units --no-legend --plain --type="$kinds" --state=active,activating,reloading,deactivating |
        sed -n 's/^\([^ ]*\) .*/\1/p'
}
packaged() { # the files of units and of init scripts that packages brought, without /usr before them
    dpkg-query -S '*/systemd/system/*' '/etc/init.d/*' 2>/dev/null | sed 's/^[^/]*: //; s,^/usr/,/,' | sort -u
}
units() {
    # The unit in which this very question runs is not one of the host's.
    own=$(sed -n 's,^0::/.*/\([^/]*\.service\)\(/.*\)*$,\1,p' /proc/self/cgroup)
    list=$(mktemp) || exit 1
    packaged >"$list"
    started | sort -u | xargs -r systemctl show -p Id,LoadState,FragmentPath,SourcePath -- |
        awk -v own="$own" -v list="$list" '
            function told() {
                path = value["FragmentPath"]
                if (path ~ "^/run/systemd/generator") path = value["SourcePath"] ~ "^/etc/init.d/" ? value["SourcePath"] : ""
                sub("^/usr/", "/", path)
                if (value["LoadState"] != "masked" && value["Id"] != "" && value["Id"] != own && path != "" && !(path in known)) print "unit " value["Id"]
                split("", value)
            }
            '"$by_unit" | sort -u
    rm -f -- "$list"
}
drop_ins() { # unit, whether it runs, and path of each drop-in that no package brought
    list=$(mktemp) || exit 1
    packaged >"$list"
    { # loaded or not: a service that a timer starts is loaded no earlier
        systemctl list-unit-files --no-legend --plain --type="$kinds" | sed 's/ .*//; s/@\./@ringfence./'
        systemctl list-units --all --no-legend --plain --type="$kinds" | sed 's/ .*//'
    } | sort -u | xargs -r systemctl show -p Id,ActiveState,DropInPaths -- |
        awk -v list="$list" '
            function told(   count, paths, i, plain, runs) {
                runs = value["ActiveState"] ~ /^(active|activating|reloading|refreshing)$/ ? "runs" : "rests"
                count = split(value["DropInPaths"], paths, " ")
                for (i = 1; i <= count; i++) {
                    plain = paths[i]
                    sub("^/usr/", "/", plain)
                    if (!(plain in known) && plain !~ "^/run/systemd/generator") print "drop-in", value["Id"], runs, paths[i]
                }
                split("", value)
            }
            '"$by_unit" | sort -u
    rm -f -- "$list"
}
printf 'ringfence-surplus\n'
