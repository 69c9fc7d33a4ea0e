"""A relay on loopback that makes a network as slow as a far one, and counts its connections."""

import asyncio
import threading
from collections import deque
from types import TracebackType
from typing import Self


class Relay:
    """Passes connections on, half of the round-trip time late in each direction.

    Only time is added: any amount of data is on its way at once. To be used as a context manager.
    """

    def __init__(self, target: tuple[str, int], round_trip: float = 0.0) -> None:
        """Lead to ``target``; ``round_trip`` is in seconds."""
        self.connections = 0
        self.port = 0
        self._target = target
        self._delay = round_trip / 2
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass  # either end may break off, or the relay end
        finally:
            writer.close()
            far_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: deque[tuple[float, bytes]] = deque()
        arrived = asyncio.Event()

        async def send() -> None:
            while True:
                while not waiting:
                    arrived.clear()
                    await arrived.wait()
                due, data = waiting.popleft()
                await asyncio.sleep(due - self._loop.time())
                if not data:
                    return writer.write_eof()
                writer.write(data)

        sending = asyncio.ensure_future(send())
        data = b"-"
        while data:
            data = await reader.read(1 << 16)
            waiting.append((self._loop.time() + self._delay, data))
            arrived.set()
        await sending
