"""Two phones on a host: one calls the other through Kamailio, and rtpengine carries their voices.

Run in the host's network: phones.py ADDRESS. Says what worked, and fails at what doesn't.
"""

import re
import socket
import sys
import time
import uuid
from contextlib import suppress

PATIENCE = 10.0  # seconds, for daemons that have just been started
AGAIN = 0.5
SDP = """\
v=0
o=- 1 1 IN IP4 {address}
s=-
c=IN IP4 {address}
t=0 0
m=audio {port} RTP/AVP 0
"""


class Phone:
    """A phone with one port for signals, and one for its voice."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address, self.proxy = name, address, (address, 5060)
        self.signals, self.voice = (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)
        )
        for one in (self.signals, self.voice):
            one.bind((address, 0))
            one.settimeout(AGAIN)
        self.contact = f"<sip:{name}@{address}:{self.signals.getsockname()[1]}>"
        self.sdp = SDP.format(address=address, port=self.voice.getsockname()[1])

    def request(self, method: str, to: str, body: str = "") -> str:
        """Write a request to the proxy."""
        port = self.signals.getsockname()[1]
        user = f"{to}@" if to else ""
        uri = f"sip:{self.address}" if method == "REGISTER" else f"sip:{user}{self.address}"
        return message(
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address}:{port};branch=z9hG4bK{uuid.uuid4().hex}",
            "Max-Forwards: 70",
            f"From: <sip:{self.name}@{self.address}>;tag={uuid.uuid4().hex}",
            f"To: <sip:{user}{self.address}>",
            f"Call-ID: {uuid.uuid4().hex}",
            f"CSeq: 1 {method}",
            f"Contact: {self.contact}",
            body=body,
        )

    def ask(self, request: str) -> str:
        """Send a request until it has a final answer, and return that. Raises TimeoutError."""
        return self.wait_for_an_answer(request, again=True)

    def wait_for_an_answer(self, request: str, again: bool = False) -> str:
        """Return the final answer to a request that was sent, or is to be sent again meanwhile."""
        for _ in patiently():
            if again:
                self.signals.sendto(request.encode(), self.proxy)
            with suppress(TimeoutError):
                while True:
                    answer = self.signals.recv(65536).decode()
                    if call_of(request) == call_of(answer) and not answer.startswith("SIP/2.0 1"):
                        return answer
        raise TimeoutError(f"no answer to {request.splitlines()[0]}")

    def wait_for_a_call(self) -> tuple[str, tuple[str, int]]:
        """Return an INVITE that came, and from where."""
        for _ in patiently():
            try:
                content, sender = self.signals.recvfrom(65536)
            except TimeoutError:
                continue
            if content.startswith(b"INVITE "):
                return content.decode(), sender
        raise TimeoutError("nobody called")

    def speak(self, place: tuple[str, int], hearer: "Phone") -> None:
        """Send RTP to a place until the other hears it, from elsewhere. Raises TimeoutError."""
        voice = uuid.uuid4().bytes * 10  # 20 ms of PCMU
        for number, _ in enumerate(patiently(), start=1):
            header = b"\x80\x00" + number.to_bytes(2, "big") + (160 * number).to_bytes(4, "big")
            self.voice.sendto(header + b"ring" + voice, place)
            try:
                heard, sender = hearer.voice.recvfrom(2048)
            except TimeoutError:
                continue
            assert sender != self.voice.getsockname(), "voices don't go through rtpengine"
            if heard[12:] == voice:
                return
        raise TimeoutError(f"{hearer.name} doesn't hear {self.name}")


def patiently():
    """Let somebody try again, until patience ends."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        yield


def message(*lines: str, body: str = "") -> str:
    """Join what SIP sends: lines, and perhaps an offer or an answer of media."""
    kind = ("Content-Type: application/sdp",) if body else ()
    body = body.replace("\n", "\r\n")
    return "\r\n".join((*lines, *kind, f"Content-Length: {len(body)}", "", body))


def accepted(call: str, phone: Phone) -> str:
    """Return the answer of a phone that takes a call."""
    names = ("via", "record-route", "from", "to", "call-id", "cseq")
    kept = [line for line in call.splitlines() if line.partition(":")[0].lower() in names]
    lines = [f"{line};tag=callee" if line.lower().startswith("to:") else line for line in kept]
    return message("SIP/2.0 200 OK", *lines, f"Contact: {phone.contact}", body=phone.sdp)


def call_of(text: str) -> str:
    """Return which call a message is about."""
    found = re.search(r"(?im)^call-id:\s*(\S+)", text)
    return found[1] if found else ""


def media_of(text: str) -> tuple[str, int]:
    """Return where a message wants voices to be sent."""
    address, port = re.search(r"c=IN IP4 (\S+)", text), re.search(r"m=audio (\d+)", text)
    assert address, text
    assert port, text
    return address[1], int(port[1])


def ping() -> str:
    """Ask rtpengine on this host whether it lives, by its ng protocol."""
    asks = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asks.settimeout(AGAIN)
    for _ in patiently():
        try:
            asks.sendto(b"1 d7:command4:pinge", ("127.0.0.1", 2223))
            return asks.recv(2048).decode()
        except (TimeoutError, ConnectionRefusedError):
            time.sleep(AGAIN)
    raise TimeoutError("rtpengine does not answer")


def demand(answer: str, wanted: str) -> None:
    """Fail unless an answer begins as wanted."""
    if not answer.startswith(wanted):
        raise SystemExit(f"wanted {wanted!r}, but got:\n{answer}")


def main(address: str) -> None:
    """Do all that two phones do."""
    caller, callee = Phone("ana", address), Phone("bruno", address)
    demand(caller.ask(caller.request("OPTIONS", "")), "SIP/2.0 200")
    print("answers OPTIONS")
    for phone in (caller, callee):
        demand(phone.ask(phone.request("REGISTER", phone.name)), "SIP/2.0 200")
    print("registers")
    demand(ping(), "1 d6:result4:pong")
    print("answers pings")

    offer = caller.request("INVITE", callee.name, caller.sdp)
    caller.signals.sendto(offer.encode(), caller.proxy)
    call, sender = callee.wait_for_a_call()
    callee.signals.sendto(accepted(call, callee).encode(), sender)
    answer = caller.wait_for_an_answer(offer)
    demand(answer, "SIP/2.0 200")
    print("calls")
    caller.speak(media_of(answer), callee)
    callee.speak(media_of(call), caller)
    print("carries voices")


if __name__ == "__main__":
    main(sys.argv[1])
