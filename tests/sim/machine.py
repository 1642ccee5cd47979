"""The printer behind the wire: phases of a print, heaters, the current job. Knows no HTTP.

Time is an argument: run() is told how much passed on the wall and how much of the print that is.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    state: str
    job: bool = False       # the printer shows a job
    moves: bool = False     # the print goes on
    then: str | None = None  # what follows by itself, after PACE[name of this phase]


# Finer than the words on the wire, as in the firmware (Buddy marlin_server.cpp, printer_state.cpp).
PHASES = {
    "idle": Phase("IDLE"),
    "ready": Phase("READY"),
    "busy": Phase("BUSY"),
    "starting": Phase("IDLE", then="printing"),
    "starting_questions": Phase("IDLE", then="questions"),
    "questions": Phase("ATTENTION", job=True),
    "printing": Phase("PRINTING", job=True, moves=True),
    "pausing": Phase("PAUSED", job=True, then="paused"),
    "paused": Phase("PAUSED", job=True),
    "resuming": Phase("PAUSED", job=True, then="printing"),
    "attention": Phase("ATTENTION", job=True),
    "hidden_attention": Phase("PRINTING", job=True),    # Buddy#4250: waits for a person, says PRINTING
    "warning": Phase("ATTENTION"),
    "recovery": Phase("BUSY"),                          # power panic, crash: the job is away for a while
    "aborting": Phase("PRINTING", job=True, then="stopped"),
    "aborting_preview": Phase("PRINTING", job=True, then="idle"),
    "finishing": Phase("PRINTING", job=True, then="finished"),
    "finished": Phase("FINISHED", then="idle"),
    "stopped": Phase("STOPPED", then="idle"),
    "error": Phase("ERROR"),
}
IN_PRINT = {"questions", "printing", "pausing", "paused", "resuming", "attention", "hidden_attention", "recovery"}
HEATED = IN_PRINT | {"finishing", "aborting"}
# set(state=...) without and with a job under way.
BY_WORD = {"IDLE": ("idle", "idle"), "READY": ("ready", "ready"), "BUSY": ("busy", "recovery"),
           "PRINTING": ("printing", "printing"), "PAUSED": ("paused", "paused"), "FINISHED": ("finished", "finished"),
           "STOPPED": ("stopped", "stopped"), "ATTENTION": ("warning", "attention"), "ERROR": ("error", "error")}
NEEDS_JOB = {"PRINTING", "PAUSED"}

NOZZLE_RATE, BED_RATE, ROOM = 8.0, 2.0, {"nozzle": 25.0, "bed": 24.0}     # degrees per second of print time
PRINT_TARGETS = {"nozzle": 215.0, "bed": 60.0}


def whole(value):
    """Rounded down, but not for what sums of floats lost."""
    return int(value + 1e-6)


@dataclass
class Job:
    id: int
    path: str
    duration: float
    warmup: float = 0.0
    estimates: bool = True
    filament_change_at: float | None = None
    age: float = 0.0        # seconds on the wall
    elapsed: float = 0.0    # seconds of print time, pauses excluded
    done: float = 0.0


class Machine:
    """pace: seconds on the wall that a phase with a follower lasts; None is for ever.
    manners: phases that this printer shows otherwise than PHASES says.
    """

    def __init__(self, pace, manners=None, last_job_id=0):
        self.pace = dict(pace)
        self.phases = PHASES | (manners or {})
        self.phase = "idle"
        self.since = 0.0            # wall seconds in this phase
        self.job = None
        self.last_path = None
        self.job_id = last_job_id
        self.stale_elapsed = 0.0    # Buddy#5488: time_printing of the job before, shown in the start questions
        self.first_progress = 0.0   # of the job before; PrusaLink on a Pi shows it in the first poll
        self.word = None            # a state word that no phase has
        self.speed, self.flow = 100, 100
        self.material = "PLA"
        self.heat = dict(ROOM)
        self.target = {"nozzle": 0.0, "bed": 0.0}
        self.questions_next = False

    # -- time

    def run(self, wall, rate):
        """wall seconds pass; the print goes rate times faster."""
        while wall > 0:
            step = min(wall, self._next_event(rate))
            self._pass(step, step * rate)
            wall -= step
            self._follow()

    def _next_event(self, rate):
        left = self._phase_left()
        if self.phases[self.phase].moves and self.job:
            left = min(left, self._print_left() / max(rate, 1e-9))
        return max(left, 0.0)

    def _phase_left(self):
        lasts = self.pace.get(self.phase) if self.phases[self.phase].then else None
        return float("inf") if lasts is None else lasts - self.since

    def _print_left(self):
        job = self.job
        until = job.duration - job.done
        if job.filament_change_at is not None:
            until = min(until, job.filament_change_at - job.done)
        return (max(job.warmup - job.elapsed, 0.0)) + until * 100 / max(self.speed, 1)

    def _pass(self, wall, story):
        self.since += wall
        if self.job:
            self.job.age += wall
        self._heat(story)
        if self.phases[self.phase].moves and self.job:
            job = self.job
            heating = min(story, max(job.warmup - job.elapsed, 0.0))
            job.elapsed += story
            job.done += (story - heating) * self.speed / 100

    def _follow(self):
        job, phase = self.job, self.phases[self.phase]
        if phase.moves and job and job.filament_change_at is not None and job.done >= job.filament_change_at - 1e-6:
            job.filament_change_at = None
            self.enter("attention")
        elif phase.moves and job and job.done >= job.duration - 1e-6:
            self.enter("finishing")
        elif phase.then and self._phase_left() <= 1e-9:
            self.enter(phase.then)

    def _heat(self, story):
        for name, rate in (("nozzle", NOZZLE_RATE), ("bed", BED_RATE)):
            goal = max(self.target[name], ROOM[name])
            now = self.heat[name]
            self.heat[name] = min(goal, now + rate * story) if now < goal else max(goal, now - rate * story)

    def enter(self, phase):
        before, self.phase, self.since, self.word = self.phase, phase, 0.0, None
        if phase in HEATED and before not in HEATED:
            self.target = dict(PRINT_TARGETS)
        elif phase not in HEATED:
            self.target = {"nozzle": 0.0, "bed": 0.0}
        if phase in ("finished", "stopped", "idle", "ready", "error") and self.job:
            self.stale_elapsed = self.job.elapsed
            self.first_progress = self.progress()
            self.job = None
        if self.pace.get(phase) == 0 and self.phases[phase].then:
            self.enter(self.phases[phase].then)

    # -- what it shows

    @property
    def state(self):
        return self.word or self.phases[self.phase].state

    @property
    def shows_job(self):
        return self.job is not None and self.phases[self.phase].job

    @property
    def knows_times(self):
        job = self.job
        return job is not None and job.estimates and self.phase != "questions" and job.elapsed >= job.warmup

    def progress(self):
        job = self.job
        if job is None or self.phase == "questions":
            return 0
        return min(whole(100 * job.done / job.duration), 100) if job.duration else 100

    def time_remaining(self):
        if not self.knows_times:
            return None
        return round((self.job.duration - self.job.done) * 100 / max(self.speed, 1))

    def time_printing(self):
        if self.phase == "questions":
            return whole(self.stale_elapsed)
        return whole(self.job.elapsed) if self.job else 0

    def filament_change_in(self):
        if not self.knows_times or self.job.filament_change_at is None:
            return None
        return round((self.job.filament_change_at - self.job.done) * 100 / max(self.speed, 1))

    # -- what is done to it

    def start(self, path, duration, gap=True, **job):
        """The job id is used up at once, also when the print then stops in a question."""
        self.stale_elapsed = self.job.elapsed if self.job else self.stale_elapsed
        self.job_id = (self.job_id + 1) % 65536
        self.last_path = path
        self.job = Job(self.job_id, path, float(duration), **job)
        asks, self.questions_next = self.questions_next, False
        self.enter({(True, False): "starting", (True, True): "starting_questions",
                    (False, False): "printing", (False, True): "questions"}[gap, asks])

    def pause(self):
        self.enter("pausing")

    def resume(self):
        self.enter("resuming")

    def cancel(self):
        self.enter("aborting_preview" if self.phase == "questions" else "aborting")

    def finish(self):
        self.job.done = self.job.duration
        self.enter("finished")

    def attention(self, hidden=False):
        if self.phase in IN_PRINT:
            self.enter("hidden_attention" if hidden else "attention")
        else:
            self.enter("warning")

    def user_continues(self):
        self.enter("printing" if self.job else "idle")

    def show(self, word, path, duration):
        """Be in this state, whatever was before."""
        if word not in BY_WORD:
            self.word = word
            return
        if self.job is None and word in NEEDS_JOB:
            self.start(path, duration, gap=False)
        self.enter(BY_WORD[word][self.job is not None])
