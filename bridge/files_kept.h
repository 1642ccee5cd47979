/* What is kept of a listing: the newest files of each storage, and of all
 * storages together, with names that tell them apart. Pure. */
#ifndef BRIDGE_FILES_KEPT_H
#define BRIDGE_FILES_KEPT_H

#include "bridge/drivers/files.h"
#include "mapping/buffer.h"

/* A person chooses from so many; Home Assistant gets them in one document. */
#define FILES_KEPT 50
/* Bytes of files/list, and of the lists in answers. */
#define FILES_JSON_MAX ((size_t)16 << 10)

/* Texts are owned. */
struct kept_file {
    char *path;   /* for orders */
    char *name;   /* for people, alone */
    char *folder; /* where it is, for people: "parts/small"; "" = the storage */
    char *label;  /* for people, unlike all others; NULL until it is made */
    int64_t size;
    int64_t modified;
};

/* Newest first, at most FILES_KEPT. {0} = none. */
struct kept_files {
    struct kept_file *files;
    int count, room;
};

/* Keep it, if it is new enough. */
void kept_add(struct kept_files *kept, const struct file_entry *entry,
              const char *folder);
/* All of more's go over, as far as they are new enough; more is empty then. */
void kept_merge(struct kept_files *kept, struct kept_files *more);
void kept_file_release(struct kept_file *file);
/* Accepts {0}; afterwards there are none. */
void kept_release(struct kept_files *kept);

/* The newest of several storages, borrowed from their lists, which must not
 * change meanwhile. {0} = none. */
struct kept_view {
    struct kept_file **files; /* room for FILES_KEPT, once there is one */
    int count;
};

/* Afterwards there are none. */
void view_release(struct kept_view *view);
void view_add(struct kept_view *view, struct kept_files *kept);
/* Also if it is older than all others, of which the oldest one goes. */
void view_insist(struct kept_view *view, struct kept_file *file);
/* Give each a label: its name; where two are equal their folders too, then
 * their storages. One that would be too long for Home Assistant (255
 * characters), or be taken for "none", is its path. */
void view_label(struct kept_view *view);
/* Is this its path, be it made of short or of long names? */
bool kept_is(const struct kept_file *file, const char *path);
/* By its path or its label; NULL if there is none. */
struct kept_file *view_find(const struct kept_view *view,
                            const char *path_or_label);

/* [{"name":label,"path":...,"size":...,"modified":"2026-..."}], as many as fit
 * into FILES_JSON_MAX. */
void view_json(const struct kept_view *view, struct buffer *out);
/* One entry as a JSON object: name, path, kind and what is told of it. */
void entry_json(const struct file_entry *entry, struct buffer *out);

#endif
