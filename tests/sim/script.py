"""Stories a printer tells by itself, for demonstrations. One coroutine per story."""


async def demo(core):
    """Prints, pauses for a moment, asks for attention, goes on, finishes, idles, begins again."""
    if core.profile == "pi" and not core.server.cameras.loaded:
        core.server.cameras.detect("Camera")
    wait = 60.0 / max(float(core.options["speed"]), 0.001)      # a minute of the story
    while True:
        begin(core, gap=core.profile == "buddy")
        await reach(core, 30)
        await aside(core, core.machine.pause, core.machine.resume, wait)
        await reach(core, 60)
        await aside(core, core.machine.attention, core.machine.user_continues, wait)
        while core.machine.job:
            await step(core)
        await core.clock.sleep(2 * wait)
        core.machine.enter("idle")
        await core.clock.sleep(wait)


async def flaky(core):
    """Drops off the network and returns every minute or so."""
    while True:
        begin(core)
        await core.clock.sleep(45)
        core.network.off()
        await core.clock.sleep(15)
        core.network.on()


def begin(core, gap=False):
    """A print, unless somebody else began one."""
    core.tick()
    if not core.machine.job:
        core.start_print(gap=gap, warmup=60.0)


async def step(core):
    await core.clock.sleep(0.5)
    core.tick()


async def reach(core, percent):
    """Until the print is that far, or somebody ended it."""
    while core.machine.job and core.machine.progress() < percent:
        await step(core)


async def aside(core, leave, come_back, wait):
    """Leave the print for a while; a person may do either on the way."""
    if core.machine.phase != "printing":
        return
    leave()
    await core.clock.sleep(wait)
    core.tick()
    if core.machine.phase in ("paused", "attention"):
        come_back()


SCRIPTS = {"demo": demo, "flaky": flaky}
