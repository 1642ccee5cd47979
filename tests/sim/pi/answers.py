"""The small answers of PrusaLink: documents, nothing, problems (conditions.py)."""
from ..wire import Response, raw

HTML = "text/html; charset=utf-8"
POWERED = ("X-Powered-By", "Poor WSGI for Python")
# title, text, id of the page that explains (conditions.py)
NOT_FOUND = ("Not Found", "Resource you want not found.", "not-found")
FILE_NOT_FOUND = ("File Not Found", "File you want was not found.", "not-found")
NOT_CURRENT_JOB = ("Not Current Job", "Given job id does not belong to current job", "not-found")
NO_LOCATION = ("Location Not Found", "Location not found, use local.", "location-not-found")
NOT_PRINTING = ("Printer Is Not Printing", "Operation you want can only be done when printer is printing.", None)
NOT_PAUSED = ("Printer Is Not Paused", "Operation you want can only be done when printer is paused.", None)
CARD_READ_ONLY = ("SD Card Read Only", "SD Card storage is read only.", "entity-too-large")
FILE_PRINTED = ("File is currently printed", "You try to do an operation with the file, which is currently printed.",
                "file-currently-printed")
FOLDER_NOT_EMPTY = ("Directory is not empty", "Directory can't be deleted, because it's not empty.", "directory-not-empty")
NOT_TO_PRINT = ("Not in state to print", "Printer is not in state to print.", "not-state-to-print")
NO_THUMBNAIL = ("Thumbnail Unavailable", "Thumbnail is unavailable.", "file-gone")
FORBIDDEN_CHARACTERS = ("Forbidden Characters", "Forbidden characters in file or folder name.", "forbidden-characters")
UNSUPPORTED_MEDIA = ("Unsupported Media Type", "Only G-Code for FDM printer can be uploaded.", "unsupported-media-type")
LENGTH_REQUIRED = ("Length Required", "Missing Content-Length header or no content in request.", "length-required")
FILE_EXISTS = ("File Already Exists", "File already exists.", "file-already-exists")
UPLOAD_FAILED = ("File Upload Failed", "File upload has failed", "file-upload-failed")
TIRED = ("Request timeout.", "PrusaLink got tired of waiting for your request. cancelled upload?", "request-timeout")
UNAVAILABLE_UPDATE = ("Unavailable update", "Update is unavailable to install", "unavailable-update")
UNABLE_TO_UPDATE = ("Unable to update", "Unable to install update", "unable-to-update")
PROBLEMS = {500: ("Internal Server Error", "We're sorry, but there is a error in service. Please try again later.",
                  "internal-server-error"),
            503: ("Printer Unavailable.", "PrusaLink not finished initializing or Printer not connected.",
                  "printer-unavailable")}


def document(value):
    return Response(200, json=value, headers=[POWERED])


def done(status=200):
    return Response(status, headers=[POWERED])


def no_content():
    return Response(204, headers=[POWERED])


def message(status, text):
    """JSON, whatever Accept says; 204 has its length all the same, but no body."""
    return Response(status, json={"message": text}, headers=[POWERED])


def problem(request, status, title, text, page):
    """The program's own error: JSON if Accept names it anywhere, HTML if it names that, else text."""
    accept = request.header("Accept", "")
    url = f"http://{request.header('Host', '')}/error/{page}" if page else None
    headers = [("Content-Location", url)] if url else []
    if "application/json" in accept:
        body = {"title": title, "message": text} | ({"url": url} if url else {})
        return Response(status, json=body, headers=headers)
    if "text/html" in accept:
        body = f"<!DOCTYPE html>\n<html><head><title>Prusa Link | {title}</title></head><body>{text}</body></html>\n"
        return Response(status, body=raw(body), content_type=HTML, headers=[POWERED])
    see = f"\n\nSee: {url}" if url else ""
    return Response(status, body=raw(f"{title}\n{text}\n{see}"), content_type="text/plain; charset=utf-8",
                    headers=headers)
