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
    char *etag; /* of its root; NULL = none */
    struct kept_files kept;
    size_t count; /* files that can be printed */
};

/* What the request in flight, or the page in a worker, is for. */
enum asking { ASKING_NOTHING, ASKING_WALK, ASKING_QUESTION };

/* One walk. What it finds takes the place of what is known all at once when it
 * has ended: until then others look at what is known. */
struct walk {
    int storage; /* being walked; -1 = none yet */
    bool root;   /* its root folder is asked for */
    struct folder *folders;
    size_t count, room;
    size_t seen; /* folders so far */
    bool lost;   /* something of the storage is not known */
    struct storage found[INSTANCES_STORAGE];
    bool replaces[INSTANCES_STORAGE]; /* found is what is known from now on */
    bool searched[INSTANCES_STORAGE]; /* all of it was seen */
    struct kept_file selected;        /* the selected file, as it was met */
};

/* What an order asks. */
struct question {
    enum page_use use;
    char *path;
    bool sent;
    struct files_reply reply;
};

struct files {
    struct errand errand;
    struct printer *p;
    struct storage storages[INSTANCES_STORAGE];
    struct kept_view view;
    struct kept_file selected; /* as the last walk found it; path NULL = not */
    bool known;
    uint64_t version, hash;

    struct walk *walk; /* NULL = none is under way */
    bool watched;      /* walks begin by themselves */
    bool wanted, forced;
    int64_t due_ms;   /* the next walk not before */
    int64_t every_ms; /* one begins then without a reason */
    uint64_t walks;   /* that ended, well or not */

    enum asking asking;
    struct folder at;          /* of the request in flight */
    bool orphaned;             /* nobody waits for what is in the worker */
    struct question *question; /* NULL = no order waits */

    char serial[SERIAL_MAX + 1]; /* whose files they are */
    bool in_contact;             /* noted since the last contact */
    unsigned available;          /* storages, a bit each */
    bool transfer;
    uint64_t job_path; /* hash of the job's path */
    unsigned told;     /* warnings, a bit each */
};

/* files_known.c */
void files_release_storage(struct storage *storage);
/* What the walk, which has ended, found is what is known. */
void files_adopt(struct files *f, struct walk *walk);
void files_forget_all(struct files *f);
/* Into the snapshot, which loses it whenever the printer is offline. */
void files_publish(struct files *f);
size_t files_count(const struct files *f);
void files_say_selected(struct files *f);
/* Which storage a path lies on; -1 = none that is known. */
int files_storage_of(const struct files *f, const char *path);

/* files_walk.c */
void files_folder_release(struct folder *folder);
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
/* The walk that an order asked for has ended. failure: NULL = well. */
void files_reply_list(struct files *f, const char *failure);
void files_question_page(struct files *f, struct files_page *page);
void files_question_answered(struct files *f, const struct http_answer *answer,
                             struct moment now);
/* Is there one whose request is still to be sent? */
bool files_question_waits(const struct files *f);
bool files_question_next(struct files *f, struct request *request);

/* files.c */
/* Have the answer read, in a worker if it is large: files_paged() follows. */
void files_hand_over(struct files *f, enum page_use use,
                     const struct http_answer *answer, struct moment now);
/* A walk, also while it prints; nothing is believed to be unchanged. */
void files_want_at(struct files *f, int64_t due_ms);

#endif
