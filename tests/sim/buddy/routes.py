"""Which path is answered by what in Buddy. The query is part of the compared path, but for files."""
from ..wire import Response
from . import documents, files, orders, uploads

# path: (document, since firmware).
DOCUMENTS = {
    "/api/version": (documents.version, (4, 4)),
    "/api/printer": (documents.legacy_printer, (4, 4)),
    "/api/v1/info": (documents.info, (4, 7)),
    "/api/v1/storage": (documents.storage, (4, 6)),
}
TRANSFER = {"/api/v1/transfer": ((4, 7), documents.transfer), "/api/transfer": ((4, 4), documents.legacy_transfer),
            "/api/download": ((4, 4), documents.legacy_transfer)}
MULTIPART_GONE = (6, 1)
FILE_METHODS = {"GET": files.show_file, "HEAD": files.head_file, "DELETE": files.delete_file, "POST": orders.print_file}
LEGACY_FILE_METHODS = {"GET": files.show_file, "DELETE": files.delete_file, "POST": orders.legacy_file_command}


def is_protected(path):
    return path.startswith(("/api/", "/usb/", "/thumb/"))


def answer(core, firmware, request):
    target = request.target
    document, since = DOCUMENTS.get(target, (None, None))
    if document and firmware >= since:
        return _get_only(request, lambda: Response(200, json=document(core, firmware)))
    if target == "/api/settings":
        return _get_only(request, lambda: Response(200, body=b'{"printer": {}}', content_type="application/json"))
    if target == "/api/v1/status" and firmware >= (4, 7):
        return _get_only(request, lambda: documents.status(core, firmware))
    if target in TRANSFER and firmware >= TRANSFER[target][0]:
        return _transfer(core, request, TRANSFER[target][1])
    if target == "/api/v1/job" and firmware >= (4, 7):
        return _job(core, firmware, request)
    if target.startswith("/api/v1/job/") and firmware >= (4, 7):
        return orders.job_orders(core, request, target[len("/api/v1/job/"):])
    if target == "/api/job":
        return _legacy_job(core, firmware, request)
    return _files_or_nothing(core, firmware, request)


def _get_only(request, make):
    return make() if request.method == "GET" else Response(405, closing="linger")


def _job(core, firmware, request):
    if not core.machine.shows_job:
        return Response(204)        # to any method
    return _get_only(request, lambda: Response(200, json=documents.job(core, firmware)))


def _transfer(core, request, document):
    transfer, cut = core.transfers.shown()
    if transfer is None:
        return Response(204)        # to any method
    return _get_only(request, lambda: Response(200, json=document(core, transfer), cut=cut))


def _legacy_job(core, firmware, request):
    if request.method == "POST":
        return orders.legacy_job_command(core, request)
    if request.method != "GET":
        return Response(405, closing="linger")
    document = documents.legacy_job(core, firmware)
    if document is None:
        return Response(200, body=documents.NO_JOB, content_type="application/json")
    return Response(200, json=document)


def _files_or_nothing(core, firmware, request):
    if request.path.startswith("/api/v1/files") and firmware >= (4, 6):
        return on_file(core, request, "/api/v1/files", FILE_METHODS, legacy=False)
    if request.path.startswith("/api/files"):
        return on_file(core, request, "/api/files", LEGACY_FILE_METHODS, legacy=True)
    if request.path.startswith("/thumb/"):
        return files.thumbnail(core, request) if request.method == "GET" else Response(405, closing="linger")
    if request.path.startswith("/usb/"):
        return files.download(core, request)
    return Response(404)


def on_file(core, request, prefix, methods, legacy):
    place = files.located(core, request, prefix, legacy)
    if isinstance(place, Response):
        return place
    if request.method == "PUT" and not legacy:
        return uploads.put(core, request, place[1])
    if legacy and request.method == "POST" and "multipart" in request.header("Content-Type", "") \
            and core.server.firmware >= MULTIPART_GONE:
        return Response(410, closing="linger")
    handler = methods.get(request.method)
    return handler(core, request, place, legacy) if handler else Response(405, closing="linger")
