# shellcheck shell=sh disable=SC2015
# Takes rights away from files. Needs the functions of tree.sh.
system_file() { # path mode owner group
    chown -- "$3:$4" "$1" && chmod -- "$2" "$1" || fail "cannot set owner and mode of $1"
    plain_lists "$1"
}
plain_lists() { # path
    ! command -v setfacl >/dev/null || setfacl -b -- "$1" || fail "cannot take the access list off $1"
}
home() { # path mode [owner]
    [ "$(realpath -- "$1")" = "$1" ] || fail "$1 is a home by way of a link: nothing was changed"
    plain_lists "$1"
    chmod -- "$2" "$1" || fail "cannot set the mode of $1"
    [ -z "${3:-}" ] || chown -h -- "$3" "$1" || fail "cannot set the owner of $1"
}
restore() { # path mode owner: as its package installed it
    [ -f "$1" ] && [ ! -L "$1" ] && chown -- "$3" "$1" && chmod -- "$2" "$1" || fail "cannot set owner and mode of $1"
}
restore_capable() { # path capabilities
    [ -f "$1" ] && [ ! -L "$1" ] && chmod -- u-s,g-s "$1" && setcap "$2" "$1" || fail "cannot set the capabilities of $1"
}
# Opens each file without following links and changes what is open: the directories are not ours alone.
tame() { # kind program..., that keep theirs, -- path...
    perl -e '
        use strict; use warnings; use Fcntl qw(:DEFAULT :mode);
        my ($kind, %kept, $failed) = (shift);
        while (defined(my $program = shift)) {
            last if $program eq "--";
            my @is = stat $program;
            $kept{"@is[0, 1]"} = 1 if @is;
        }
        for my $path (@ARGV) {
            my $opened = sysopen(my $file, $path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
            my @is = $opened ? stat $file : ();
            if (!@is || (readlink("/proc/self/fd/" . fileno $file) // "") ne $path) {
                print STDERR "ringfence: cannot open $path as a plain path, so it was left\n";
                next;
            }
            my ($mode, $links, $user, $group) = (S_IMODE($is[2]), @is[3, 4, 5]);
            my $plain = $mode & 01777;
            if ($kind eq "write permission") { chmod($mode & ~0002, $file) or $failed = 1 }
            elsif (!$kept{"@is[0, 1]"}) {
                # To change the owner, even to itself, takes capabilities away (chown(2)).
                chown($user, $group, $file) && chmod($plain, $file) or $failed = 1;
            }
            elsif ($links > 1) {
                # A second name of a program that keeps its privileges: the name gets a plain copy.
                my $copy = "$path.ringfence.$$";
                system("cp", "--preserve=timestamps", "--", $path, $copy) == 0
                    && chown($user, $group, $copy) && chmod($plain, $copy)
                    && rename($copy, $path) or $failed = 1;
            }
            else {
                print STDERR "ringfence: $path shows a program that keeps its privileges, so it was left\n";
                next;
            }
            printf "took the %s from %s\n", $kind, $path =~ s/[^[:print:]]/?/gr;
        }
        exit($failed ? 1 : 0);
    ' -- "$@" || fail "cannot take the $1 from every file"
}
adopt() { # path...: what belongs to nobody is given to root
    for path; do
        parent=$(realpath -- "${path%/*}/") && [ "$parent" = "${path%/*}" ] || [ -z "${path%/*}" ] || continue
        [ -z "$(find "$path" -maxdepth 0 -nouser)" ] || chown -h -- root "$path" || fail "cannot change the owner of $path"
        [ -z "$(find "$path" -maxdepth 0 -nogroup)" ] || chgrp -h -- root "$path" || fail "cannot change the group of $path"
    done
}
data_tree() { # path group writer
    getent group -- "$2" >/dev/null || groupadd --system -- "$2" || fail "cannot make the group $2"
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then
        (umask 022 && mkdir -p -- "${1%/*}/" && mkdir -m 0750 -- "$1") || fail "cannot make the directory $1"
    fi
    [ -d "$1" ] && [ "$(realpath -- "$1")" = "$1" ] ||
        fail "$1 is no directory, or leads elsewhere by a link: name the true place in permissions.data"
    writer=
    [ -z "$3" ] || ! getent passwd -- "$3" >/dev/null || writer=$3
    # -execdir, because whoever writes there could put a link in a directory's place meanwhile.
    find "$1" -xdev ! -user root ${writer:+! -user "$writer"} -execdir chown -h root {} + &&
        find "$1" -xdev ! -group "$2" -execdir chgrp -h "$2" {} + ||
        fail "cannot set the owner and group of everything in $1"
}
data_lists() { # path; the writer is the one that `data_tree` was told
    none='u::rwx,g::r-x,o::---'
    find "$1" -xdev -type d -execdir setfacl -P -b -k {} + &&
        find "$1" -xdev -type d -user root -execdir \
            setfacl -P --set "$none${writer:+,u:$writer:rwx,m::rwx}" -- {} + &&
        find "$1" -xdev -type d ! -user root -execdir setfacl -P --set "$none" -- {} + &&
        find "$1" -xdev -type d -execdir \
            setfacl -P -d --set "$none${writer:+,u:$writer:rwx,m::rwx}" -- {} + ||
        fail "cannot set the access lists in $1 (does its file system have any?)"
}
data_files() { # path: their lists let others in
    find "$1" -xdev ! -type d ! -type l -execdir setfacl -P -b -- {} + || fail "cannot set the access lists in $1"
}
data_modes() { # path
    find "$1" -xdev -type d \( ! -perm -2000 -o -perm /4007 \) -execdir chmod -- u-s,g+s,o= {} + &&
        find "$1" -xdev ! -type d ! -type l -perm /6027 -execdir chmod -- u-s,g-sw,o= {} + ||
        fail "cannot set the modes in $1"
}
