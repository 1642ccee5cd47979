/* Uploads to PrusaLink: what the two families take, and how they refuse.
 *
 * Their texts are for people and differ between versions; where one status has
 * several meanings the text has to decide, and the last row of the status is
 * for texts nobody has seen yet. */
#include "bridge/drivers/prusalink.h"

/* PrusaLink on a Pi deletes the target of an upload with another type. */
#define TYPE "text/x.gcode"

static const char *const buddy_endings[] = {".gcode",  ".gc",  ".gco", ".g",
                                            ".bgcode", ".bgc", NULL};
static const char *const pi_endings[] = {".gcode", ".gc", ".gco", ".g", NULL};
static const char *const pi_read_only[] = {"sdcard", "SD Card", NULL};

#define EXISTS                                                                 \
    "a file of this name is there already; send it with \"overwrite\": true "  \
    "or under another name"
#define NOT_PRINTED                                                            \
    "the file is on the printer, but it is not printed: the printer cannot "   \
    "start a print in this state; order print when it is idle"
#define NOT_GCODE                                                              \
    "the printer does not take this kind of file; send G-code with a name "    \
    "that ends with .gcode or .bgcode, as the model can print"
#define LENGTH                                                                 \
    "the printer missed the length of the file; is there a proxy between "     \
    "here and the printer that changes requests?"
#define LOGIN "the printer refused the credentials; check username and password"
#define TOO_LONG                                                               \
    "the printer found the path too long; use a shorter name or folder"
#define ODD_NAME                                                               \
    "the printer cannot have such a name; use letters, digits, - and _"
#define BROKE "the printer broke off the upload"

#define BOTH                                                                   \
    {401, NULL, REFUSAL_FINAL, ORDER_AUTH, LOGIN},                             \
        {403, NULL, REFUSAL_FINAL, ORDER_AUTH, LOGIN},                         \
        {411, NULL, REFUSAL_FINAL, ORDER_PRINTER_ERROR, LENGTH},               \
        {413, NULL, REFUSAL_FINAL, ORDER_TOO_BIG,                              \
         "the printer found the file too big; split it or slice it coarser"},  \
        {414, NULL, REFUSAL_FINAL, ORDER_TOO_BIG, TOO_LONG},                   \
        {415, NULL, REFUSAL_FINAL, ORDER_INVALID, NOT_GCODE},                  \
        {422, NULL, REFUSAL_FINAL, ORDER_INVALID, ODD_NAME},                   \
    {                                                                          \
        503, NULL, REFUSAL_BUSY, ORDER_PRINTER_ERROR,                          \
            "the printer's server is not ready yet; try again in a minute"     \
    }

/* clang-format off */
#define BUDDY_409                                                              \
    {409, "another transfer", REFUSAL_BUSY, ORDER_CONFLICT,                    \
     "the printer is busy with another transfer; wait for it or cancel it"},   \
    {409, "ongoing transfer", REFUSAL_BUSY, ORDER_CONFLICT,                    \
     "a folder has this name, or a transfer to it is running; wait, or use "   \
     "another name"},                                                          \
    {409, "being transferred", REFUSAL_BUSY, ORDER_CONFLICT,                   \
     "a transfer to this file is running; wait for it or cancel it"},          \
    {409, "already exists", REFUSAL_FINAL, ORDER_CONFLICT, EXISTS},            \
    {409, "is busy", REFUSAL_FINAL, ORDER_CONFLICT,                            \
     "the printer uses the file of this name now; wait until the print ends "  \
     "or use another name"},                                                   \
    {409, "conflicting", REFUSAL_FINAL, ORDER_CONFLICT,                        \
     "a part of the path is a file and no folder; use another folder"},        \
    {409, "print right now", REFUSAL_STORED, ORDER_CONFLICT, NOT_PRINTED}

#define PI_409                                                                 \
    {409, "state to print", REFUSAL_STORED, ORDER_CONFLICT, NOT_PRINTED},      \
    {409, "read only", REFUSAL_FINAL, ORDER_NOT_SUPPORTED,                     \
     "the printer's card cannot be written over the network; upload to "       \
     "/local"},                                                                \
    {409, "currently print", REFUSAL_FINAL, ORDER_CONFLICT,                    \
     "the file of this name is printed now; wait until the print ends or use " \
     "another name"}

#define OTHER_409                                                              \
    {409, NULL, REFUSAL_UNCLEAR, ORDER_CONFLICT,                               \
     "the printer refused the file in this state; wait until it is idle"}

#define BUDDY_OTHERS                                                           \
    {501, NULL, REFUSAL_FINAL, ORDER_INVALID,                                  \
     "the printer took the file for an empty one; send one with contents"},    \
    {507, "contiguous", REFUSAL_FINAL, ORDER_PRINTER_ERROR,                    \
     "the printer's USB drive has no piece free that is large enough; delete " \
     "files on it or format it"},                                              \
    {507, "full", REFUSAL_FINAL, ORDER_PRINTER_ERROR,                          \
     "the printer's USB drive is full or cannot be written; delete files on "  \
     "it"},                                                                    \
    {507, NULL, REFUSAL_FINAL, ORDER_PRINTER_ERROR,                            \
     "the printer cannot write the file; is there a USB drive in it?"},        \
    {503, "connect", REFUSAL_FINAL, ORDER_CONFLICT,                            \
     "the upload was stopped at the printer or in Prusa Connect; send it "     \
     "again if that was not meant"},                                           \
    {404, NULL, REFUSAL_FINAL, ORDER_NOT_FOUND,                                \
     "the printer has no such storage or folder; check the path"}

#define BROKEN_ONES                                                            \
    {400, NULL, REFUSAL_BROKEN, ORDER_PRINTER_ERROR, BROKE},                   \
    {408, NULL, REFUSAL_BROKEN, ORDER_PRINTER_ERROR, BROKE}

/* A second upload at a time is an exception that nobody catches. */
#define PI_500                                                                 \
    {500, NULL, REFUSAL_BUSY, ORDER_PRINTER_ERROR,                             \
     "PrusaLink failed on it (HTTP 500), as it does when another upload is "   \
     "running; wait for that one, or restart PrusaLink"}
#define PI_400                                                                 \
    {400, "forbidden", REFUSAL_FINAL, ORDER_INVALID, ODD_NAME}
#define BUDDY_500                                                              \
    {500, NULL, REFUSAL_FINAL, ORDER_PRINTER_ERROR,                            \
     "the printer failed on it (HTTP 500); check its USB drive, or restart it"}
/* clang-format on */

static const struct driver_refusal buddy_refusals[] = {
    BUDDY_409, OTHER_409, BUDDY_OTHERS, BUDDY_500, BROKEN_ONES, BOTH, {0}};

static const struct driver_refusal pi_refusals[] = {
    PI_409,
    {409, "already exists", REFUSAL_FINAL, ORDER_CONFLICT, EXISTS},
    OTHER_409,
    PI_400,
    BROKEN_ONES,
    PI_500,
    {404, NULL, REFUSAL_FINAL, ORDER_NOT_FOUND,
     "the printer has no such storage; begin the path with /local"},
    {507, NULL, REFUSAL_FINAL, ORDER_PRINTER_ERROR,
     "the Raspberry Pi's card is full; delete files on it"},
    BOTH,
    {0}};

static const struct driver_refusal all_refusals[] = {
    BUDDY_409, PI_409, OTHER_409,   BUDDY_OTHERS, PI_400,
    PI_500,    BOTH,   BROKEN_ONES, {0}};

#define COMMON                                                                 \
    .target = "/api/v1/files{path}", .content_type = TYPE,                     \
    .print_header = "Print-After-Upload: ?1",                                  \
    .overwrite_header = "Overwrite: ?1"

/* Buddy cuts longer paths without a word and finds no ending then. It counts
 * lengths in 32 bits, as FAT does. */
#define BUDDY_NAMES                                                            \
    .path_max = 103, .part_max = 255, .size_max = 4294967295,                  \
    .forbidden = "\"*:<>?|\\", .fat = true, .takes = buddy_endings

/* A nonce of Buddy's lives for 300 s, one of the Pi's at least for 60 s. */
const struct driver_upload prusalink_uploads[] = {
    {.variant = PRUSALINK_BUDDY,
     COMMON,
     .folder = "/usb",
     BUDDY_NAMES,
     .login_max_ms = 240000,
     .prints = buddy_endings,
     .refusals = buddy_refusals},
    {.variant = PRUSALINK_PI,
     COMMON,
     .folder = "/local",
     .login_max_ms = 50000,
     /* its own .NAME.part must have room, too */
     .part_max = 248,
     .forbidden = "\\?\"%\u00af\u00b0#\u02c7",
     .prints = pi_endings,
     .read_only = pi_read_only,
     .stuck_modulus = 65365,
     .stuck_rest = 1,
     .refusals = pi_refusals},
    {.variant = PRUSALINK_UNKNOWN,
     COMMON,
     .folder = "/usb",
     BUDDY_NAMES,
     .login_max_ms = 50000,
     .prints = buddy_endings,
     .refusals = all_refusals},
    {0},
};
