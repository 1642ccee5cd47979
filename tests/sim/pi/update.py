"""Updates of PrusaLink itself by pip, as slow as that is (web/main.py api_update)."""
from ..wire import Response
from .answers import POWERED, UNABLE_TO_UPDATE, UNAVAILABLE_UPDATE, done, problem


def check(core, request, env):
    refusal = _other(env)
    if refusal:
        return refusal
    newer = core.options["update"]
    if core.options["update_fails"]:
        response = problem(request, 409, *UNAVAILABLE_UPDATE)
    elif newer:
        response = Response(200, json={"new_version": newer}, headers=[("Update-Available", "True")])
    else:
        response = Response(204, headers=[("Update-Available", "False")])
    return _slow(core, response)


def install(core, request, env):
    """PrusaLink starts again with the new version."""
    refusal = _other(env)
    if refusal:
        return refusal
    newer = core.options["update"]
    if core.options["update_fails"]:
        return _slow(core, problem(request, 409, *UNABLE_TO_UPDATE))
    if not newer:
        return _slow(core, Response(204, headers=[POWERED]))
    core.ordered("update", newer)
    core.options |= {"version": newer, "update": ""}
    core.server.boot()
    return _slow(core, done())


def _slow(core, response):
    response.delay = float(core.options["update_wait"])
    return response


def _other(env):
    return None if env == "prusalink" else done(501 if env == "system" else 400)
