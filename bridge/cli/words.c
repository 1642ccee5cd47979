#include "bridge/cli/words.h"

const char *const group_titles[GROUP_COUNT] = {
    [GROUP_BRIDGE] = "The bridge",
    [GROUP_CONFIG] = "Its configuration",
    [GROUP_LOOK] = "Look at a printer",
    [GROUP_ACT] = "Tell a printer what to do",
    [GROUP_FILES] = "Files on a printer",
    [GROUP_FOLLOW] = "Follow a print",
};

#define ORDER_MORE "Waits until the printer shows that it did it. "

const struct word words[] = {
    {"run", GROUP_BRIDGE, SUBJECT_NONE, "",
     "run the bridge (also without a word)",
     "Connects the printers of the configuration to MQTT and stays.",
     "printer2mqtt -c /etc/printer2mqtt/config.yaml", 0, 0, 0, word_run},

    {"check", GROUP_CONFIG, SUBJECT_NONE, "",
     "all problems of the configuration in one run",
     "Exit status 2 if the file cannot be used.",
     "printer2mqtt -c config.yaml check", 0, 0, 0, word_check},
    {"explain", GROUP_CONFIG, SUBJECT_NONE, "PRINTER [FIELD|COMMAND]",
     "topic, payload, unit, entity, request",
     "Without a field or command: all topics of the printer. Asks no printer "
     "and no broker.",
     "printer2mqtt explain mk4 nozzle/temperature\n"
     "printer2mqtt explain mk4 pause",
     1, 2, OPTION_JSON, word_explain},
    {"mapping", GROUP_CONFIG, SUBJECT_NONE, "",
     "the whole effective mapping as YAML",
     "What of it you copy into the configuration and change takes effect.",
     "printer2mqtt mapping > mapping.yaml", 0, 0, 0, word_mapping},
    {"schema", GROUP_CONFIG, SUBJECT_NONE, "",
     "JSON Schema of the configuration, for editors",
     "Editors complete and check the file with it.",
     "printer2mqtt schema > printer2mqtt.schema.json", 0, 0, 0, word_schema},
    {"reference", GROUP_CONFIG, SUBJECT_NONE, "",
     "every key of the configuration, as Markdown",
     "The reference of the configuration.", "printer2mqtt reference | less", 0,
     0, 0, word_reference},

    {"status", GROUP_LOOK, SUBJECT_ANY_PRINTER, "",
     "state, temperatures, print; or a table of all",
     "All printers are asked at the same time. Exit status 1 if one of them "
     "did not answer.",
     "printer2mqtt status\n"
     "printer2mqtt status mk4\n"
     "printer2mqtt status --json | jq '.[] | .nozzle.temperature'",
     0, 0, OPTION_JSON, word_status},
    {"job", GROUP_LOOK, SUBJECT_PRINTER, "",
     "the current print: progress, times, filament",
     "Says so when nothing is being printed; that is no failure.",
     "printer2mqtt job mk4", 0, 0, OPTION_JSON, word_look},
    {"info", GROUP_LOOK, SUBJECT_PRINTER, "",
     "serial number, model, nozzle, names",
     "What does not change from day to day.", "printer2mqtt info mk4", 0, 0,
     OPTION_JSON, word_look},
    {"version", GROUP_LOOK, SUBJECT_PRINTER, "",
     "firmware and API of the printer",
     "The version of this program is told by --version.",
     "printer2mqtt version mk4", 0, 0, OPTION_JSON, word_look},
    {"storage", GROUP_LOOK, SUBJECT_PRINTER, "", "storages and their space",
     "Prusa's own firmware tells no sizes of its USB stick.",
     "printer2mqtt storage mk4", 0, 0, OPTION_JSON, word_look},
    {"transfer", GROUP_LOOK, SUBJECT_PRINTER, "",
     "the file that is being transferred",
     "Uploads by anybody, also those from Prusa Connect.",
     "printer2mqtt transfer mk4", 0, 0, OPTION_JSON, word_look},
    {"cameras", GROUP_LOOK, SUBJECT_PRINTER, "", "cameras of the printer",
     "Only a Raspberry Pi with PrusaLink has any.", "printer2mqtt cameras mk3",
     0, 0, OPTION_JSON, word_cameras},
    {"snap", GROUP_LOOK, SUBJECT_PRINTER, "[CAMERA] FILE",
     "store the newest picture of a camera",
     "CAMERA is a name or id as told by cameras; without it the first one that "
     "is connected. FILE is replaced when the picture is whole; - is stdout. A "
     "camera without a picture takes one.",
     "printer2mqtt snap mk3 now.jpg\n"
     "printer2mqtt snap mk3 front now.jpg",
     1, 2, OPTION_JSON, word_snap},
    {"legacy", GROUP_LOOK, SUBJECT_PRINTER, "",
     "the OctoPrint-compatible answers as they come",
     "Two documents, /api/printer and /api/job, with the printer's own words: "
     "for comparing and for old firmware.",
     "printer2mqtt legacy mk4", 0, 0, OPTION_JSON, word_legacy},

    {"pause", GROUP_ACT, SUBJECT_PRINTER, "", "pause the print",
     ORDER_MORE "Refused unless it is printing.", "printer2mqtt pause mk4", 0,
     0, OPTION_JSON, word_order},
    {"resume", GROUP_ACT, SUBJECT_PRINTER, "", "resume a paused print",
     ORDER_MORE "Refused unless it is paused.", "printer2mqtt resume mk4", 0, 0,
     OPTION_JSON, word_order},
    {"cancel", GROUP_ACT, SUBJECT_PRINTER, "",
     "cancel the print; this cannot be undone", ORDER_MORE "The print is lost.",
     "printer2mqtt cancel mk4", 0, 0, OPTION_JSON, word_order},
    {"continue", GROUP_ACT, SUBJECT_PRINTER, "",
     "go on after attention, where a firmware can",
     ORDER_MORE "Most firmware cannot: questions are answered at the printer.",
     "printer2mqtt continue mk4", 0, 0, OPTION_JSON, word_order},
    {"print", GROUP_ACT, SUBJECT_PRINTER, "PATH",
     "print a file that is on the printer",
     ORDER_MORE "PATH begins with the storage (see files); without a slash in "
                "front it lies on the first storage that can be written.",
     "printer2mqtt print mk4 /usb/box.gcode\n"
     "printer2mqtt print mk4 box.gcode && printer2mqtt wait mk4",
     1, 1, OPTION_JSON, word_order},

    {"files", GROUP_FILES, SUBJECT_PRINTER, "[PATH]",
     "what is on the printer, or in a folder of it",
     "Without PATH the top of all storages. Of a file: its size and, where "
     "the printer tells it, what the slicer wrote into it.",
     "printer2mqtt files mk4\n"
     "printer2mqtt files mk4 /usb/parts\n"
     "printer2mqtt files mk4 --json | jq -r '.files[].path'",
     0, 1, OPTION_JSON, word_files},
    {"upload", GROUP_FILES, SUBJECT_PRINTER, "FILE [PATH]",
     "send a file, and print it if you like",
     "PATH is a folder or a whole path there; without it the file goes to the "
     "first storage that can be written. On a terminal a bar shows how far it "
     "is; Ctrl-C cancels it.",
     "printer2mqtt upload mk4 box.bgcode\n"
     "printer2mqtt upload mk4 box.bgcode /usb/parts/ --print\n"
     "printer2mqtt upload mk4 box.bgcode --overwrite",
     1, 2, OPTION_JSON | OPTION_PRINT | OPTION_OVERWRITE, word_upload},
    {"sync", GROUP_FILES, SUBJECT_PRINTER, "DIR [PATH]",
     "make a folder there hold what DIR holds",
     "Uploads what is not there, or there with another size, or newer here by "
     "more than 14 hours (sticks keep no time zone). Only files that can be "
     "printed count. Nothing is deleted without --delete, and not all there is "
     "because DIR has nothing to print, unless --force says that it is meant.",
     "printer2mqtt sync mk4 ~/gcode --dry-run\n"
     "printer2mqtt sync mk4 ~/gcode /usb/gcode --delete",
     1, 2, OPTION_JSON | OPTION_DELETE | OPTION_FORCE | OPTION_DRY_RUN,
     word_sync},
    {"delete", GROUP_FILES, SUBJECT_PRINTER, "PATH",
     "delete a file or folder for good",
     "A folder that is not empty needs --force, and a Raspberry Pi: Prusa's "
     "own firmware deletes empty ones only. What is being printed stays.",
     "printer2mqtt delete mk4 /usb/box.gcode\n"
     "printer2mqtt delete mk3 /local/old --force",
     1, 1, OPTION_JSON | OPTION_FORCE, word_order},
    {"mkdir", GROUP_FILES, SUBJECT_PRINTER, "PATH", "make a folder",
     "The folder above it must be there.", "printer2mqtt mkdir mk4 /usb/parts",
     1, 1, OPTION_JSON, word_order},
    {"download", GROUP_FILES, SUBJECT_PRINTER, "PATH [FILE]",
     "get a file from the printer",
     "FILE is a name or a folder here; without it the printer's name in the "
     "current folder. Nothing half is left behind.",
     "printer2mqtt download mk4 /usb/box.gcode\n"
     "printer2mqtt download mk4 /usb/box.gcode backup/",
     1, 2, OPTION_JSON | OPTION_OVERWRITE, word_download},

    {"order", GROUP_ACT, SUBJECT_PRINTER, "COMMAND [VALUE]",
     "any other order of the bridge",
     "COMMAND and VALUE are what a message would hold: the last part of "
     "its topic, and its payload, plain or JSON. For all that has no word of "
     "its own: cancel_transfer, camera_trigger, check_update and so on; "
     "explain "
     "shows them.",
     "printer2mqtt order mk3 cancel_transfer\n"
     "printer2mqtt order mk3 camera_trigger front",
     1, 2, OPTION_JSON, word_order},
    {"wait", GROUP_FOLLOW, SUBJECT_PRINTER, "",
     "until the print ends; exit status says how",
     "Exit status 0: finished, or nothing is being printed; 1: cancelled or "
     "failed, or the printer cannot be reached at the start. Goes on waiting "
     "while the printer is away for a while.",
     "printer2mqtt wait mk4 && echo ready | mail -s mk4 me", 0, 0, OPTION_JSON,
     word_wait},
    {"monitor", GROUP_FOLLOW, SUBJECT_ANY_PRINTER, "",
     "live view; Ctrl-C ends it",
     "On a terminal it is drawn in place, elsewhere each change is a line "
     "(with "
     "--json an object).",
     "printer2mqtt monitor mk4\n"
     "printer2mqtt monitor mk4 --json | tee mk4.log",
     0, 0, OPTION_JSON, word_monitor},
    {NULL},
};

const struct word *words_find(const char *name)
{
    const struct word *word = words;

    while (word->name && strcmp(word->name, name) != 0)
        word++;
    return word->name ? word : NULL;
}
