/* Files on a printer: one listing or one file's information as data, and what
 * to ask for it. Pure; may run in a worker thread (see json.h).
 *
 *   driver_read_files()  path -> GET
 *   driver_files()       the answer -> the entry itself and its children
 *
 * Both families of PrusaLink answer a folder's path with the folder and its
 * children, and a file's path with the file. */
#ifndef BRIDGE_DRIVERS_FILES_H
#define BRIDGE_DRIVERS_FILES_H

#include "bridge/drivers/driver.h"

/* Bytes of a path as orders take it ("/usb/SUB/BOX~1.GCO"), without NUL. */
#define FILE_PATH_MAX 511
/* Most of a listing that is read: 10,000 files are about 3 MB. */
#define FILES_ANSWER_MAX ((size_t)16 << 20)
/* Children of one folder that are told; more are counted only. */
#define FILES_CHILDREN_MAX 100000

enum file_kind {
    FILE_FOLDER,
    FILE_PRINT, /* can be printed */
    FILE_FIRMWARE,
    FILE_OTHER,
};

/* What the slicer wrote into a file, where the printer tells it (the Pi, of
 * one file asked for). 0 or "" = not told. */
struct file_meta {
    double filament_weight; /* g */
    double filament_length; /* mm */
    double layer_height;    /* mm */
    int64_t time_estimated; /* s */
    const char *filament_type;
};

/* One file or folder. Texts are borrowed, valid UTF-8 without control
 * characters, never NULL. */
struct file_entry {
    enum file_kind kind;
    bool read_only;   /* also: its upload is not complete */
    int64_t size;     /* bytes; -1 = not told (Buddy's children) */
    int64_t modified; /* seconds since 1970, as FAT knows it; 0 = not told */
    const char *path; /* for orders: "/usb/SUB/BOX~1.GCO" */
    const char *name; /* for people: "box.gcode" */
    /* Request targets on the printer itself, percent-encoded; "" = none. What
     * names another host or leads out is not taken. */
    const char *thumbnail;
    const char *download;
    const struct file_meta *meta; /* NULL in listings */
};

/* "folder", "print", "firmware", "other". */
const char *file_kind_name(enum file_kind kind);

/* Whom an answer is told. Entries are borrowed until the call returns. */
struct file_reader {
    void *arg;
    /* What was asked for; once, first. */
    void (*self)(void *arg, const struct file_entry *entry);
    /* What is in it; NULL = not wanted. Hidden ones (a name that begins with a
     * dot) and ones no order could name are left out. */
    void (*child)(void *arg, const struct file_entry *entry);
    /* Children that could not be told: their names are too long or no names. */
    size_t left_out;
};

/* A driver's part of it. */
struct driver_files {
    const char *target; /* "/api/v1/files", followed by the path */
    /* Tell reader what root, an object, says about path. */
    void (*read)(const struct json *root, const char *path,
                 const struct device *device, struct file_reader *reader);
};

/* Fill a GET for the file or folder at path ("/usb", "/usb/sub/box.gcode";
 * UTF-8, not encoded; a slash at the end does not matter). False, and err says
 * what is wrong and what to do, if it cannot be sent: "..", control characters,
 * a storage the printer does not have, too long. device may be NULL. */
bool driver_read_files(const struct driver *driver, const struct device *device,
                       const char *path, struct request *request,
                       struct error *err);

/* Read the answer (HTTP 200) to such a request. False: not what it should be;
 * err says why (nobody was told anything). Borrows body. */
bool driver_files(const struct driver *driver, const struct device *device,
                  const char *path, const char *body, size_t len,
                  struct file_reader *reader, struct error *err);

/* A list that owns its entries, for those who want them all. */
struct file_list {
    struct file_entry *entries;
    size_t count, room;
    size_t max; /* 0 = FILES_CHILDREN_MAX; more are counted in dropped */
    size_t dropped;
};

/* Copies all but the meta. */
void file_list_add(struct file_list *list, const struct file_entry *entry);
/* A child() for struct file_reader whose arg is a struct file_list. */
void file_list_child(void *list, const struct file_entry *entry);
/* Folders first, then by name. */
void file_list_sort(struct file_list *list);
void file_list_release(struct file_list *list);

#endif
