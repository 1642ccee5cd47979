"""A printer's place in the network: its listening port, on, off, or a black hole; its open connections."""
import asyncio
import contextlib
import socket

from .wire import Connection


class Network:
    """serve(connection) runs once per connection. All methods belong to the loop's thread."""

    def __init__(self, address, port, serve, journal):
        self.serve, self.journal = serve, journal
        self.connections = {}       # Connection -> its task, oldest first
        self.awake = asyncio.Event()
        self.listener = None
        self.serving = False
        self.stuffing = []
        self.numbers = self.era = 0
        # Holds the port while nobody listens, so that off() is refused and on() comes back to the same place.
        self.holder = self._bound((address, port))
        self.address = self.holder.getsockname()
        self.on()

    @staticmethod
    def _bound(address):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        return sock

    def on(self):
        if self.serving:
            return
        self._leave()
        self.awake.set()
        self._listen(128)
        self.serving = True
        asyncio.get_running_loop().add_reader(self.listener, self._accept)

    def off(self):
        """Connections are reset, new ones refused."""
        self._leave()
        self.awake.set()

    def blackhole(self):
        """New connections get no answer at all, open ones stay open in silence."""
        self._unlisten()
        self.awake.clear()
        self._listen(0)
        # A full queue makes the kernel drop SYNs; it takes one more than its backlog.
        for _ in range(2):
            sock = socket.socket()
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(self.address)
            self.stuffing.append(sock)

    def release(self):
        self.off()
        self.holder.close()

    def reset_all(self):
        self.era += 1
        for connection, task in list(self.connections.items()):
            connection.reset()
            task.cancel()

    def _listen(self, backlog):
        self.listener = self._bound(self.address)
        self.listener.setblocking(False)
        # What is "sent" shall not be what lies in the kernel while the client does not read.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 17)
        self.listener.listen(backlog)

    def _leave(self):
        self._unlisten()
        self.reset_all()

    def _unlisten(self):
        self.serving = False
        if self.listener:
            asyncio.get_running_loop().remove_reader(self.listener)
            self.listener.close()
            self.listener = None
        for sock in self.stuffing:
            sock.close()
        self.stuffing.clear()

    def _accept(self):
        with contextlib.suppress(OSError):
            sock, _ = self.listener.accept()
            sock.setblocking(False)
            self.numbers += 1
            task = asyncio.ensure_future(self._live(sock, self.numbers, self.era))
            task.add_done_callback(self._ended)

    def _ended(self, task):
        """An exception here is the simulator's own bug; Sim.close() speaks of it."""
        if not task.cancelled() and task.exception():
            self.journal.errors.append(task.exception())

    async def _live(self, sock, number, era):
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock)
        connection = Connection(number, reader, asyncio.StreamWriter(transport, protocol, reader, loop))
        if era != self.era:     # all were reset while it was accepted
            connection.reset()
            return
        self.connections[connection] = asyncio.current_task()
        self.journal.opened()
        try:
            await self.serve(connection)
        except (ConnectionError, TimeoutError):
            connection.reset()
        finally:
            self.journal.closed()
            del self.connections[connection]
            connection.close()
