/* What the files of bridge/files.h share: files.c (when, as an errand),
 * files_walk.c (through all folders), files_known.c (what is known, and the
 * chosen file), files_ask.c (what orders ask). Nobody else includes it. */
#ifndef BRIDGE_FILES_INTERNAL_H
#define BRIDGE_FILES_INTERNAL_H

#include "bridge/files.h"
#include "bridge/printer_internal.h"

/* A folder that must still be looked into. */
struct folder {
    char *path, *shown;
    int depth;
};

/* What is known of one storage. */
struct storage {
    bool known;
    char etag[REQUEST_VALIDATOR_MAX + 1]; /* of its root; "" = none */
    struct kept_files kept;
    size_t count; /* files that can be printed */
};

/* What the request in flight, or the page in a worker, is for. */
enum asking { ASKING_NOTHING, ASKING_WALK, ASKING_QUESTION };

struct walk {
    bool on;
    int storage; /* being walked; -1 = none yet */
    bool root;   /* its root folder is asked for */
    struct folder *folders;
    size_t count, room;
    size_t seen;  /* folders so far */
    size_t again; /* a new walk was asked for meanwhile */
    bool lost;    /* something of the storage is not known */
    struct storage fresh;
    struct kept_file found;           /* the selected file */
    bool searched[INSTANCES_STORAGE]; /* all of it was seen */
};

struct files {
    struct errand errand;
    struct printer *p;
    struct storage storages[INSTANCES_STORAGE];
    struct kept_view view;
    struct kept_file selected; /* as the last walk found it; path NULL = not */
    bool known;
    uint64_t version, hash;

    struct walk walk;
    bool watched; /* walks begin by themselves */
    bool wanted, forced;
    int64_t due_ms;   /* the next walk not before */
    int64_t every_ms; /* one begins then without a reason */
    uint64_t walks;   /* that ended, well or not */
    bool failed;      /* the last one did */
    char reason[160];

    enum asking asking;
    char path[FILE_PATH_MAX + 1]; /* of the request in flight */
    char *shown;
    int depth;
    bool orphaned; /* nobody waits for what is in the worker */

    bool question; /* an order waits */
    bool question_sent;
    enum page_use use;
    char question_path[FILE_PATH_MAX + 1];
    struct files_reply reply;

    char serial[SERIAL_MAX + 1]; /* whose files they are */
    bool in_contact;             /* noted since the last contact */
    unsigned available;          /* storages, a bit each */
    bool transfer;
    uint64_t job_path; /* hash of the job's path */
    unsigned told;     /* warnings, a bit each */
};

/* files_known.c */
void files_release_storage(struct storage *storage);
void files_forget_all(struct files *f);
uint64_t files_hash(const char *text);
/* Into the snapshot, which loses it whenever the printer is offline. */
void files_publish(struct files *f);
/* From what the storages hold, with labels; a new version if it differs. */
void files_make_view(struct files *f);
size_t files_count(const struct files *f);
void files_say_selected(struct files *f);
/* Which storage a path lies on; -1 = none that is known. */
int files_storage_of(const struct files *f, const char *path);
/* Did the walk see all that is where path (may be NULL) lies? */
bool files_searched(const struct files *f, const char *path);
/* The chosen file may have got another name, or be gone. */
void files_follow_selected(struct files *f);

/* files_walk.c */
void files_walk_clear(struct files *f);
void files_walk_begin(struct files *f);
bool files_is_available(const struct files *f, int storage);
/* True: *request is for the next folder. False: the walk has ended. */
bool files_walk_next(struct files *f, struct moment now,
                     struct request *request);
void files_walk_page(struct files *f, struct files_page *page);
void files_walk_answered(struct files *f, const struct http_answer *answer,
                         struct moment now);

/* files_ask.c */
/* The walk that an order asked for has ended. */
void files_reply_list(struct files *f);
void files_question_page(struct files *f, struct files_page *page);
void files_question_answered(struct files *f, const struct http_answer *answer,
                             struct moment now);
bool files_question_next(struct files *f, struct request *request);

/* files.c */
/* Have the answer read, in a worker if it is large: files_paged() follows. */
void files_hand_over(struct files *f, enum page_use use,
                     const struct http_answer *answer, struct moment now);
/* A walk, also while it prints; nothing is believed to be unchanged. */
void files_want_at(struct files *f, int64_t due_ms);

#endif
