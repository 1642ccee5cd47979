"""One request and its answer, as it should go. faults.py knows how it should not."""


from .body import BodyWishes, BrokenOff


class Exchange:
    def __init__(self, core, connection, request, record):
        self.core, self.connection, self.request, self.record = core, connection, request, record
        self.server = core.server
        self.wishes = BodyWishes()

    async def run(self):
        """True when the connection may carry another request."""
        await self.core.network.awake.wait()
        fault = self.core.faults.take(self.request)
        if fault:
            return await fault.strike(self)
        return await self.deliver(await self.answer())

    async def answer(self):
        response = self.core.answer(self.request, self.record)
        return await response.later(self) if response.later else response

    def encode(self, response):
        return self.server.encode(self.request, response)

    async def deliver(self, response):
        if response.delay:
            await self.core.clock.sleep(response.delay)
        pieces, closing = self.encode(response)
        self.core.journal.answered(self.record, response.status)
        for piece in pieces:
            await self.connection.send(piece)
            self.record.sent += len(piece)
        return await self.finish(closing)

    async def finish(self, closing):
        """closing: keep, close, or linger (close the sending side, then eat what the client still sends)."""
        if closing == "keep":
            return True
        if closing == "linger":
            self.connection.half_close()
            await self.server.eat(self.connection, self.record)
        return False


async def exchange(core, connection, request):
    record = core.journal.begin(request, connection.number)
    record.body, record.received = request.body, len(request.body)
    try:
        return await Exchange(core, connection, request, record).run()
    except BrokenOff:
        return False
    finally:
        core.journal.end()
