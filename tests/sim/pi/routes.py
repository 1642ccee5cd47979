"""Which method and path is answered by what in PrusaLink."""
import re

from ..wire import Response
from . import cameras, documents, files, orders, update, uploads
from .answers import HTML, NOT_FOUND, POWERED, problem

FILES, CAMERA = r"/api/v1/files/([^/]+)", r"/api/v1/cameras/([^/]+)"
# Declared for GET alone.
NO_HEAD = {files.file_info, cameras.list_cameras, cameras.default_snap, cameras.show, cameras.snap}
ROUTES = [(method, re.compile(pattern), handler) for method, pattern, handler in (
    ("GET", "/api/version", documents.version),
    ("GET", "/api/printer", documents.legacy_printer),
    ("GET", "/api/printer/sd", documents.card_ready),
    ("POST", "/api/printer/ready", orders.set_ready),
    ("DELETE", "/api/printer/ready", orders.unset_ready),
    ("GET", "/api/job", documents.legacy_job),
    ("POST", "/api/job", orders.legacy_job_command),
    ("GET", "/api/settings", documents.settings),
    ("GET", "/api/v1/info", documents.info),
    ("GET", "/api/v1/status", documents.status),
    ("GET", "/api/v1/job", documents.job),
    ("GET", "/api/v1/storage", documents.storage),
    ("GET", "/api/v1/transfer", documents.transfer),
    ("DELETE", "/api/v1/transfer", documents.stop_transfer),
    ("GET", "/api/transfer", documents.legacy_transfer),
    ("GET", "/api/download", documents.legacy_transfer),
    ("GET", "/api/v1/cameras", cameras.list_cameras),
    ("PUT", "/api/v1/cameras", cameras.set_order),
    ("GET", "/api/v1/cameras/snap", cameras.default_snap),
    ("GET", CAMERA, cameras.show),
    ("POST", CAMERA, cameras.add),
    ("DELETE", CAMERA, cameras.delete),
    ("GET", CAMERA + "/snap", cameras.snap),
    ("POST", CAMERA + "/snap", cameras.trigger),
    ("PATCH", CAMERA + "/config", cameras.configure),
    ("DELETE", CAMERA + "/config", cameras.reset),
    ("POST", CAMERA + "/connection", cameras.register),
    ("DELETE", CAMERA + "/connection", cameras.unregister),
    ("GET", "/api/v1/update/([^/]+)", update.check),
    ("POST", "/api/v1/update/([^/]+)", update.install),
    ("DELETE", r"/api/v1/job/(\d+)", orders.job_stop),
    ("PUT", r"/api/v1/job/(\d+)/([^/]+)", orders.job_command),
    ("GET", FILES + "/?", files.file_info),
    ("GET", FILES + "/(.+)", files.file_info),
    ("HEAD", FILES + "/?", files.file_head),
    ("HEAD", FILES + "/(.+)", files.file_head),
    ("PUT", FILES + "/(.+)", uploads.put),
    ("POST", FILES + "/(.+)", orders.file_print),
    ("GET", r"/api/files/([^/]+)/(.+)/raw", files.download),
    ("GET", r"/api/thumbnails/(.+)\.orig\.(.{1,5})", files.thumbnail),
    ("DELETE", FILES + "/(.+)", files.file_delete),
)]
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT"}
INSTANCE = "25cada12-c823-4537-9919-60aa46a9d05c"
FIXED = {pattern.pattern for _, pattern, _ in ROUTES if "(" not in pattern.pattern}


def route(request):
    """(handler, arguments) or None. An unknown method is taken for GET, HEAD may do what GET may [seen]."""
    asked = request.method if request.method in METHODS else "GET"
    for method, pattern, handler in ROUTES:
        match = pattern.fullmatch(request.path)
        if match and (method == asked or (method, asked) == ("GET", "HEAD") and handler not in NO_HEAD):
            return handler, match.groups()
    return None


def takes_body(request):
    """Does its handler read the body itself?"""
    found = route(request)
    return found is not None and found[0] is uploads.put


def is_protected(request):
    """What has no route is answered without asking who it is, and HEAD of files too (the decorator is missing)."""
    if request.path == "/":
        return request.method != "HEAD"
    found = route(request)
    return found is not None and found[0] is not files.file_head


def answer(core, request):
    found = route(request)
    if found:
        handler, arguments = found
        return handler(core, request, *arguments)
    if request.path == "/" and request.method == "HEAD":
        return Response(200, headers=[POWERED, ("Instance-ID", INSTANCE)])
    if request.path == "/":
        return Response(200, body=b"<!DOCTYPE html><html><title>PrusaLink</title></html>", content_type=HTML)
    if request.path in FIXED:
        return core.server.page(405, request)
    return core.server.page(404, request) if request.method not in ("GET", "HEAD") \
        else problem(request, 404, *NOT_FOUND)
