"""The table of the fault matrix, as the stories of a run recorded it cell by cell."""


def cell(side, fault, moment, profile, wrong):
    """What record_property("cell", ...) takes; wrong: complaints, none is good."""
    return {"side": side, "fault": fault, "moment": moment, "profile": profile, "wrong": list(wrong)}


def recorded(reports):
    return [value for report in reports for name, value in getattr(report, "user_properties", ())
            if name == "cell" and report.when == "call"]


def table(cells):
    """Lines: a row for each fault, a column for each moment and profile."""
    rows = sorted({(c["side"], c["fault"]) for c in cells}, key=lambda r: (r[0] != "printer", r))
    columns = sorted({(c["moment"], c["profile"]) for c in cells})
    found = {(c["side"], c["fault"], c["moment"], c["profile"]): c for c in cells}
    marks = {None: ".", True: "FAILED", False: "kept"}

    def mark(row, column):
        this = found.get(row + column)
        return marks[None if this is None else bool(this["wrong"])]
    heads = [f"{moment}/{profile}" for moment, profile in columns]
    width = max(len(" ".join(r)) for r in rows) + 2
    yield " " * width + " ".join(heads)
    for row in rows:
        yield f"{' '.join(row):{width}}" + " ".join(f"{mark(row, c):{len(h)}}" for c, h in zip(columns, heads))
    broken = [c for c in cells if c["wrong"]]
    yield f"{len(cells)} cells: {len(cells) - len(broken)} kept, {len(broken)} failed"
    for c in broken:
        yield f"{c['side']} {c['fault']} {c['moment']} {c['profile']}: {'; '.join(c['wrong'])[:300]}"
