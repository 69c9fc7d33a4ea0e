"""Sends a collector what many hosts say at once: RELP over TLS, each from an address of its own.

    python many_senders.py COLLECTOR CERTIFICATE KEY AUTHORITY ENTRIES BATCH ADDRESS...

Each sender says ENTRIES entries, numbered from 1, with BATCH of them in a message, as Ringfence's
own sender has them, and waits until all are acknowledged. Prints the seconds that all took, and how
many entries were acknowledged. Source: librelp's relp.html.
"""

import json
import socket
import ssl
import sys
import threading
import time
from datetime import UTC, datetime

PORT = 2514
WINDOW = 4  # messages that are on the way
OFFERS = "relp_version=0\nrelp_software=many_senders\ncommands=syslog"


class Sender:
    """One host's connection."""

    def __init__(self, address, collector, context):
        raw = socket.create_connection((collector, PORT), 30, (address, 0))
        self.stream = context.wrap_socket(raw).makefile("rwb")
        self.number = 0
        self.waiting = 0
        self.entries = 0
        self.write("open", OFFERS)
        self.acknowledged()

    def write(self, command, text):
        self.number += 1
        content = text.encode()
        frame = b"%d %s %d %s\n" % (self.number, command.encode(), len(content), content)
        self.stream.write(frame)
        self.stream.flush()
        self.waiting += 1

    def acknowledged(self):
        """Wait for one answer: NUMBER rsp LENGTH 200 OK."""
        header = b""
        while header.count(b" ") < 3:
            byte = self.stream.read(1)
            assert byte, "the collector hung up"
            header += byte
        _, command, length, _ = header.split(b" ")
        answer = self.stream.read(int(length) + 1)  # with the line's end
        assert command == b"rsp", header
        assert answer.startswith(b"200"), answer
        self.waiting -= 1

    def say(self, first, last):
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        entries = [
            {
                "sent": now,
                "sequence": number,
                "facility": "user",
                "severity": "info",
                "program": "crowded",
                "pid": "1",
                "message": f"call {number} was answered in the queue of orders by agent {number}",
            }
            for number in range(first, last + 1)
        ]
        self.write("syslog", json.dumps(entries, separators=(",", ":")))
        self.entries += len(entries)

    def run(self, entries, batch):
        for first in range(1, entries + 1, batch):
            while self.waiting >= WINDOW:
                self.acknowledged()
            self.say(first, min(first + batch - 1, entries))
        while self.waiting:
            self.acknowledged()


def main(collector, certificate, key, authority, entries, batch, *addresses):
    context = ssl.create_default_context(cafile=authority)
    context.check_hostname = False
    context.load_cert_chain(certificate, key)
    senders = [Sender(address, collector, context) for address in addresses]
    failures = []

    def run(sender):
        try:
            sender.run(int(entries), int(batch))
        except Exception as error:
            failures.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=run, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    print(time.monotonic() - began, sum(sender.entries for sender in senders))


if __name__ == "__main__":
    main(*sys.argv[1:])
