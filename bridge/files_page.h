/* One answer about a folder or file, read where it may take long: in a worker
 * thread when it is large. Owns all it needs and touches nothing else. */
#ifndef BRIDGE_FILES_PAGE_H
#define BRIDGE_FILES_PAGE_H

#include "bridge/files_kept.h"

/* Most folders of a printer that are looked into, and how deep they may lie. */
#define FOLDERS_MAX       1000
#define FOLDERS_DEPTH_MAX 16

/* What the answer is for. */
enum page_use {
    PAGE_WALK, /* a folder, on the way through all of them */
    PAGE_LIST, /* a folder that an order asked for */
    PAGE_INFO, /* a file or folder that an order asked for */
};

/* A folder that was found. */
struct page_folder {
    char *path;
    char *shown; /* its path for people, below the storage */
};

struct files_page {
    enum page_use use;
    const struct driver *driver;
    struct device device;
    char path[FILE_PATH_MAX + 1];
    char *shown;    /* for people, below the storage; "" = the storage */
    char *selected; /* path to look out for; NULL = none */
    char *body;
    size_t len;

    /* What was found: files_page_read() fills it. */
    bool read; /* else err says why not */
    struct error err;
    struct kept_files kept;
    size_t count; /* files that can be printed */
    struct page_folder *folders;
    size_t folder_count, folder_room;
    struct kept_file found; /* the selected one; path NULL = not here */
    size_t left_out;
    struct buffer json; /* PAGE_LIST, PAGE_INFO: the value of the answer */
    bool cut;           /* not all of it fitted */
    bool is_folder;
};

/* Copies body (NUL-terminated behind len). shown and selected may be NULL. */
struct files_page *files_page_new(enum page_use use,
                                  const struct driver *driver,
                                  const struct device *device, const char *path,
                                  const char *shown, const char *selected,
                                  const char *body, size_t len);
void files_page_read(struct files_page *page);
/* Accepts NULL. */
void files_page_free(struct files_page *page);

#endif
