"""Whom a host's sender of logs takes for the collector, asked by letting others stand in its place.

The sender is started once more, as it runs, in a network of its own in which somebody else has the
collector's address. What it keeps on disk and where it listens are its own, too: nothing of the
host's own sender, and no socket of the host such as /dev/log, is touched.
"""

from typing import Any

PKI = "/etc/ringfence/pki"
WHO = ("a stranger", "this host")
REPLICA = """\
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=NAME \
    -addext subjectAltName=DNS:NAME -keyout key -out pem 2>/dev/null || exit 1
none() { printf '%s: rsyslog %s\\n' 'a stranger' "$1" 'this host' "$1"; exit; }
pid=$(systemctl show -p MainPID --value rsyslog.service)
[ "${pid:-0}" -gt 0 ] || none 'does not run'
sockets=$(ss -Hxlp | awk '/"rsyslogd"/ && $5 ~ "^/" { print $5 }' |
    grep -v ^/run/systemd/ | sort -u)
[ -n "$sockets" ] || none 'takes nothing that could be sent'
for socket in $sockets; do
    case ${socket%/*} in '' | /run | /dev | /tmp | /var/run)
        echo "rsyslog takes what comes to $socket"; exit ;;
    esac
done
export pid sockets
unshare --net --mount sh -euc '
    ip link set lo up
    ip address add ADDRESS dev lo
    mkdir dev
    mount --rbind /dev dev
    mount -t tmpfs tmpfs /dev
    for node in null zero random urandom; do
        touch /dev/$node
        mount --bind dev/$node /dev/$node
    done
    mount -t tmpfs tmpfs /run/systemd/journal
    mount -t tmpfs tmpfs /var/spool/rsyslog
    for socket in $sockets; do mount -t tmpfs tmpfs "${socket%/*}"; done
    mkfifo nothing
    server= sender=
    trap "kill -KILL \\$server \\$sender 2>/dev/null || :" EXIT
    asked() {
        : >got
        openssl s_server -accept "END" -cert "$1" -key "$2" -naccept 1 \\
            -no-CAfile -no-CApath -no-CAstore <>nothing >got 2>errors &
        server=$!
        for turn in $(seq 100); do ss -Htln | grep -q LISTENS && break; sleep 0.1; done
        perl -e "open F, q(<), qq(/proc/\\$ENV{pid}/cmdline); exec split /\\0/, <F>" 2>/dev/null &
        sender=$!
        for socket in $sockets; do
            perl -MSocket -e "
                for (1 .. 100) {
                    socket S, PF_UNIX, SOCK_STREAM, 0 or die;
                    if (connect S, pack_sockaddr_un(\\$ARGV[0])) {
                        syswrite S, qq(<13>1 - - - - - - asked\\n);
                        exit
                    }
                    select undef, undef, undef, 0.1
                }" "$socket"
        done
        for turn in $(seq 250); do
            grep -q relp_version got && break
            kill -0 $server 2>/dev/null || break
            sleep 0.1
        done
        if grep -q relp_version got; then said=sent
        elif kill -KILL $server 2>/dev/null; then said="did not come"
        elif grep -q "wrong version" errors; then said="began without TLS"
        elif grep -q "CIPHER is" got || grep -q " alert " errors; then said=refused
        else said="broke off a handshake"; fi
        kill -KILL $sender || :
        wait || :
    }
    asked pem key
    echo "a stranger: $said"
    asked PKI/host.pem PKI/host.key
    echo "this host: $said"
' 2>trouble || tail -n 1 trouble"""


def shown_to(host: Any, address: str, port: int, name: str) -> dict[str, str]:
    """Return what the host's sender does when others have the collector's address.

    Those are `a stranger`, with a certificate in the collector's name that nobody signed, and `this
    host`, with the host's own: on the collector it is the right one, elsewhere another host's of
    the site's authority.

    Args:
        host: testinfra's host.
        address: the collector's.
        port: where it takes logs.
        name: the collector's name.

    Returns:
        For both `sent`, `refused` (knew who it was, and ended the session), `began without TLS`,
        `broke off a handshake`, or `did not come` within 25 seconds; or that there is none:
        `rsyslog does not run`, `rsyslog takes nothing that could be sent`.

    Raises:
        ValueError: it could not be asked; why not.
    """
    prefix = "128 nodad" if ":" in address else "32"
    end = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    replica = REPLICA
    for word, value in {
        "ADDRESS": f"{address}/{prefix}",
        "END": end,
        "LISTENS": f":{port}",
        "NAME": name,
        "PKI": PKI,
    }.items():
        replica = replica.replace(word, value)
    said = str(host.run("sh -c %s", replica).stdout).strip()
    found = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    if set(found) != set(WHO):
        raise ValueError(f"the sender of logs could not be asked: {said or 'no answer'}")
    return found
