"""What the run showed: one line per story, below the system and its version."""

versions = {}       # system -> version as it tells it itself
OUTCOMES = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}


class Table:
    def __init__(self):
        self.rows = {}      # system -> {story: [outcome, seconds, [what was seen]]}

    def take(self, system, report):
        story = report.nodeid.split("::")[-1].split("[")[0].removeprefix("test_").replace("_", " ")
        row = self.rows.setdefault(system, {}).setdefault(story, ["ok", 0.0, []])
        row[1] += report.duration
        if report.outcome != "passed" and row[0] != "FAILED":
            row[0] = OUTCOMES[report.outcome]
        if report.outcome == "skipped":
            row[2] = [report.longrepr[2].removeprefix("Skipped: ")]
        elif report.when == "call":
            row[2] = [value for key, value in report.user_properties if key == "saw"]

    def write(self, out):
        for system, stories in self.rows.items():
            reasons = {seen[0] for outcome, _, seen in stories.values() if outcome == "skipped"}
            if len(reasons) == 1 and all(outcome == "skipped" for outcome, _, _ in stories.values()):
                out(f"\nskipped: {system} ({reasons.pop()})")
                continue
            out(f"\n{system} {versions.get(system, '')}".rstrip())
            for story, (outcome, seconds, seen) in stories.items():
                if outcome == "skipped":
                    out(f"  skipped: {story} ({seen[0]})")
                    continue
                out(f"  {outcome:8}{story} ({seconds:.0f} s)")
                for line in seen:
                    out(f"          - {line}")
