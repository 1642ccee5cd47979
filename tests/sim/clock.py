"""A printer's own clock, which tests can push forward.

All waiting inside a simulated printer goes through timeout(), so that advance() also ends what waits.
"""
import asyncio
import contextlib
import time


class Clock:
    def __init__(self):
        self._jumped, self._stopped = 0.0, None
        self._waiting = set()

    def now(self):
        return (self._stopped or time.monotonic()) + self._jumped

    def stop(self):
        """From now on time passes by advance() and sleep() only."""
        self._stopped = time.monotonic()

    def advance(self, seconds):
        self._jumped += seconds
        for waiting in self._waiting:
            due = waiting.when()
            if due is not None and not waiting.expired():
                waiting.reschedule(due - seconds)

    @contextlib.asynccontextmanager
    async def timeout(self, seconds):
        async with asyncio.timeout(seconds) as waiting:
            self._waiting.add(waiting)
            try:
                yield
            finally:
                self._waiting.discard(waiting)

    async def sleep(self, seconds):
        due = self.now() + seconds
        with contextlib.suppress(TimeoutError):
            async with self.timeout(seconds):
                await asyncio.Event().wait()
        if self._stopped and self.now() < due:
            self._jumped += due - self.now()
