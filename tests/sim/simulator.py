"""Several simulated printers in one background thread with its own asyncio loop."""
import asyncio
import contextlib
import threading
import time

from .core import Core
from .options import complete
from .printer import Printer
from .script import SCRIPTS


class Sim:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="sim", daemon=True)
        self.printers = {}
        self._control = None
        self._scripts = []
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close()
        errors = [e for p in self.printers.values() for e in p._core.journal.errors]
        if errors and kind is None:
            raise RuntimeError("the simulator itself failed") from errors[0]

    def __getitem__(self, name):
        return self.printers[name]

    def add(self, name, /, profile="buddy", **options):
        """A new printer. Raises ValueError for an unknown profile or option."""
        if name in self.printers:
            raise ValueError(f"there is already a printer {name!r}")
        options = complete(name, profile, options)
        if options["script"] and options["script"] not in SCRIPTS:
            raise ValueError(f"{name}: no script {options['script']!r}, there are {', '.join(SCRIPTS)}")
        printer = Printer(self, self.call(lambda: Core(name, profile, options)))
        self.printers[name] = printer
        printer.add_files(int(options["files"]))
        for number in range(int(options["cameras"])):
            printer.add_camera(f"Camera {number + 1}")
        if options["script"]:
            self.call(lambda: self._scripts.append(
                asyncio.ensure_future(SCRIPTS[options["script"]](printer._core))))
        return printer

    @contextlib.contextmanager
    def lateness(self):
        """A function: how late it was with something at most, in seconds. Requests may have come so much earlier than
        their record says."""
        worst = [0.0]

        async def watch():
            while True:
                asleep = time.monotonic()
                await asyncio.sleep(0.005)
                worst[0] = max(worst[0], time.monotonic() - asleep - 0.005)
        task = self.call(lambda: asyncio.ensure_future(watch()))
        try:
            yield lambda: worst[0]
        finally:
            self.call(task.cancel)

    def call(self, function):
        """Run function in the loop's thread and wait for its value."""
        if threading.current_thread() is self.thread:
            return function()

        async def run():
            return function()
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def control(self, port=0, address="127.0.0.1"):
        """Open the control port. Returns its URL."""
        from .control import Control
        self._control = self.call(lambda: Control(self, address, port))
        return self._control.url

    def close(self):
        if not self.thread.is_alive():
            return
        self.call(self._release)
        asyncio.run_coroutine_threadsafe(self._finish(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _release(self):
        for printer in self.printers.values():
            printer._core.network.release()
        if self._control:
            self._control.network.release()

    async def _finish(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
