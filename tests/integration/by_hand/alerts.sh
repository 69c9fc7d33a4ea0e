# shellcheck shell=sh disable=SC2154
# Who hears when a service fails, as somebody would arrange it who never saw Ringfence. Runs as root.
#
# Set by the caller: CHANNELS, JSON.
STATE=/var/lib/ringfence/alerts

tell() {
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3 >/dev/null
    install -d -m 700 "$STATE" "$STATE/waiting"
    install -d /usr/local/lib/ringfence /etc/ringfence
    printf '{"channels": %s}\n' "$CHANNELS" >/etc/ringfence/alerts.json
    (umask 077 && echo '{}' >/etc/ringfence/alerts.secrets)
    cat >/usr/local/lib/ringfence/alert <<'END'
#!/usr/bin/python3
# alert failed UNIT: tells every channel; alert look: notes that somebody looked.
import json, pathlib, smtplib, socket, sys, time, urllib.request

state = pathlib.Path("/var/lib/ringfence/alerts")
if sys.argv[1] == "look":
    state.joinpath("watched.json").write_text("{}")
    sys.exit()
known, text = {}, f"{socket.gethostname()}: {sys.argv[2]} failed"
for to in json.load(open("/etc/ringfence/alerts.json"))["channels"]:
    if to["kind"] == "mail":
        with smtplib.SMTP(to["server"], to["port"], text.partition(":")[0], timeout=20) as server:
            server.sendmail(to["sender"], to["to"], f"Subject: {text}\r\n\r\n{text}\r\n")
    else:
        urllib.request.urlopen(to["url"], json.dumps({"text": text}).encode(), 20)
    known[to["name"]] = {"tested": time.time(), "refused": 0}
state.joinpath("channels.json").write_text(json.dumps(known))
END
    chmod 755 /usr/local/lib/ringfence/alert
}

watch() {
    for unit in ringfence-alert@ ringfence-alert-watch; do
        case $unit in *@) words='failed %i' ;; *) words=look ;; esac
        cat >"/etc/systemd/system/$unit.service" <<END
[Service]
Type=oneshot
ExecStart=/usr/local/lib/ringfence/alert $words
UMask=0077
ReadWritePaths=$STATE
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
END
    done
    printf '[Timer]\nOnCalendar=*:0/5\n[Install]\nWantedBy=timers.target\n' \
        >/etc/systemd/system/ringfence-alert-watch.timer
    mkdir -p /etc/systemd/system/service.d
    printf '[Unit]\nOnFailure=ringfence-alert@%%n.service\n' \
        >/etc/systemd/system/service.d/zz-ringfence-alert.conf
    systemctl daemon-reload
    systemctl enable --now ringfence-alert-watch.timer
    systemctl start ringfence-alert-watch.service
    systemctl start ringfence-alert@site-test.service # as if a unit of this name had failed
}

tell
watch
