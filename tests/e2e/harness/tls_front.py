"""https in front of a printer, as a reverse proxy or a newer server would have it."""
import asyncio
import contextlib
import ssl
import threading


class TlsFront:
    """certificate: the path of a certificate and its key, without .crt and .key."""

    def __init__(self, printer, certificate):
        self.printer = printer
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{certificate}.crt", f"{certificate}.key")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context))
        self.url = f"https://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def _run(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)

    async def _serve(self, reader, writer):
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection(self.printer.host, self.printer.port)
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    @staticmethod
    async def _pass(reader, writer):
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _end(self):
        self.server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self):
        self._run(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
        self.loop.close()
