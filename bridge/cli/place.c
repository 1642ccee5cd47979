#include "bridge/cli/place.h"

#include "mapping/field.h"

#include <stdio.h>

static const char *first_storage(const struct telemetry *t,
                                 const struct instances *storages)
{
    int i;

    for (i = 0; i < storages->count; i++)
        if (telemetry_integer(t, field_slot(FIELD_STORAGE_AVAILABLE, i), 1) &&
            !telemetry_integer(t, field_slot(FIELD_STORAGE_READ_ONLY, i), 0))
            return storages->name[i];
    return NULL;
}

bool place_join(const char *folder, const char *name, char *out, size_t size)
{
    size_t len = strlen(folder);
    bool slash = len > 0 && folder[len - 1] == '/';
    int n = snprintf(out, size, "%s%s%s", folder, slash ? "" : "/", name);

    return n >= 0 && (size_t)n < size;
}

bool place_complete(const char *path, const struct telemetry *t,
                    const struct instances *storages, char *out, size_t size,
                    struct error *err)
{
    const char *storage = NULL;
    int n;

    if (path && !*path)
        return error_set(err, "PATH is empty");
    if (path && *path == '/')
        n = snprintf(out, size, "%s", path);
    else if ((storage = first_storage(t, storages)))
        n = snprintf(out, size, "/%s%s%s", storage, path ? "/" : "",
                     path ? path : "");
    else
        return error_set(err, "the printer has no storage that can be written; "
                              "is the stick in it?");
    return (n >= 0 && (size_t)n < size) ||
           error_set(err, "the path is too long; use a shorter name or folder");
}

const char *place_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}
