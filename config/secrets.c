#include "config/secrets.h"

#include "config/disk.h"
#include "mapping/buffer.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#include <errno.h>
#include <unistd.h>

#define SECRETS_FILE "secrets.yaml"
#define NEAREST_MAX  256 /* names that are compared for "did you mean" */

enum store_state { STORE_MISSING, STORE_BROKEN, STORE_READ };

/* One secrets.yaml. */
struct store {
    struct file file;
    struct document document;
    enum store_state state;
};

struct secrets {
    const char *main_path;
    int *orders;
    struct problems *problems;
    struct store **stores; /* problems point into them */
    size_t count;
};

struct secrets *secrets_new(const char *main_path, int *orders,
                            struct problems *problems)
{
    struct secrets *secrets = memory_zero(1, sizeof *secrets);

    secrets->main_path = main_path;
    secrets->orders = orders;
    secrets->problems = problems;
    return secrets;
}

void secrets_free(struct secrets *secrets)
{
    size_t i;

    if (!secrets)
        return;
    for (i = 0; i < secrets->count; i++) {
        document_release(&secrets->stores[i]->document);
        free(secrets->stores[i]->file.path);
        free(secrets->stores[i]);
    }
    free(secrets->stores);
    free(secrets);
}

static void report(struct secrets *secrets, struct store *store, bool warning,
                   const char *sentence)
{
    const struct place at = {&store->file, 1, 1};

    if (warning)
        problems_warning(secrets->problems, at, "%s", sentence);
    else
        problems_error(secrets->problems, at, "%s", sentence);
}

static void parse_store(struct secrets *secrets, struct store *store,
                        const char *bytes, size_t len)
{
    const struct node *root;

    store->state = STORE_BROKEN;
    if (!document_read(&store->document, &store->file, bytes, len, NULL,
                       secrets->problems))
        return;
    root = store->document.root;
    if (root && root->kind != NODE_MAP && !node_is_nothing(root))
        report(secrets, store, false, "a map of names to secrets is expected");
    else
        store->state = STORE_READ;
}

static void read_store(struct secrets *secrets, struct store *store)
{
    struct error err;
    struct stat st;
    size_t len;
    char *bytes = disk_read(store->file.path, FILE_MAX, false, &len, &st, &err);

    store->state = STORE_BROKEN;
    if (bytes) {
        if (st.st_mode & S_IROTH)
            report(secrets, store, true,
                   "everyone can read these secrets; chmod 600 the file");
        parse_store(secrets, store, bytes, len);
    } else if (access(store->file.path, F_OK) != 0 && errno == ENOENT) {
        store->state = STORE_MISSING;
    } else {
        (void)error_prefix(&err, "cannot read this file");
        report(secrets, store, false, err.text);
    }
    disk_free(bytes, len);
}

/* The secrets.yaml beside a file; read when it is first asked for. */
static struct store *store_beside(struct secrets *secrets, const char *base)
{
    char *path = disk_beside(base, SECRETS_FILE);
    struct store *store;
    size_t i;

    for (i = 0; i < secrets->count; i++)
        if (strcmp(secrets->stores[i]->file.path, path) == 0) {
            free(path);
            return secrets->stores[i];
        }
    store = memory_zero(1, sizeof *store);
    store->file.path = path;
    store->file.order = (*secrets->orders)++;
    secrets->stores = memory_grow(secrets->stores, secrets->count + 1,
                                  sizeof(struct store *));
    secrets->stores[secrets->count++] = store;
    read_store(secrets, store);
    return store;
}

/* Give node its text; copies. */
static bool set(struct node *node, const char *text, size_t len,
                struct error *err)
{
    char *copy;

    if (len > SCALAR_MAX)
        return error_set(err, "what stands there is longer than 64 KiB");
    if (!text_is_utf8(text, len))
        return error_set(err, "what stands there is no text in UTF-8");
    copy = memory_copy(text, len); /* before: text may be part of the old one */
    free(node->text);
    node->text = copy;
    node->hidden = true;
    return true;
}

/* A file that holds nothing but the secret, and a line end. */
static bool set_from_file(struct node *node, const char *path,
                          struct error *err)
{
    struct stat st;
    size_t len, text;
    char *bytes = disk_read(path, SCALAR_MAX, false, &len, &st, err);
    bool ok;

    if (!bytes)
        return error_prefix(err, "cannot read %.100s", path);
    text = len;
    if (text > 0 && bytes[text - 1] == '\n')
        text--;
    if (text > 0 && bytes[text - 1] == '\r')
        text--;
    ok = set(node, bytes, text, err);
    disk_free(bytes, len);
    return ok;
}

/* The file systemd keeps for this name, NULL if there is none; caller frees. */
static char *credential(const char *name)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    struct buffer path = {0};

    if (!folder || !*folder || strchr(name, '/') || *name == '.')
        return NULL;
    buffer_format(&path, "%s/%s", folder, name);
    if (access(path.bytes, F_OK) == 0)
        return path.bytes;
    buffer_release(&path);
    return NULL;
}

static const char *nearest(const struct store *store, const char *name)
{
    const char *names[NEAREST_MAX + 1];
    const struct node *root = store->document.root;
    size_t i, n = 0;

    for (i = 0; root && i < root->count && n < NEAREST_MAX; i++)
        names[n++] = root->entries[i].key->text;
    names[n] = NULL;
    return text_nearest(name, names);
}

static bool not_found(const struct store *store, const char *name,
                      struct error *err)
{
    const char *near = nearest(store, name);
    const char *also = getenv("CREDENTIALS_DIRECTORY")
                           ? ", nor in $CREDENTIALS_DIRECTORY"
                           : "";

    if (store->state == STORE_MISSING)
        return error_set(err,
                         "there is no secret '%.64s': %.200s does not "
                         "exist%s",
                         name, store->file.path, also);
    return error_set(err, "there is no secret '%.64s' in %.200s%s%s%s%s", name,
                     store->file.path, also, near ? "; did you mean '" : "",
                     near ? near : "", near ? "'?" : "");
}

static bool set_from_store(struct node *node, const struct node *value,
                           struct error *err)
{
    if (value->kind != NODE_TEXT || node_is_nothing(value) || value->broken)
        return error_set(err, "the secret '%.64s' is not text in %.200s",
                         node->text, value->at.file->path);
    return set(node, value->text, strlen(value->text), err);
}

static bool read_secret(struct secrets *secrets, struct node *node,
                        struct error *err)
{
    const char *const bases[] = {node->at.file->path, secrets->main_path};
    char *path = credential(node->text);
    const struct node *value;
    const struct store *first = NULL;
    size_t i;

    if (path) {
        bool ok = set_from_file(node, path, err);

        free(path);
        return ok;
    }
    for (i = 0; i < sizeof bases / sizeof *bases; i++) {
        const struct store *store = store_beside(secrets, bases[i]);

        if (store->state == STORE_BROKEN)
            return false;
        value = node_get(store->document.root, node->text);
        if (value)
            return set_from_store(node, value, err);
        if (!first || first->state == STORE_MISSING)
            first = store;
    }
    return not_found(first, node->text, err);
}

/* `NAME`, or `NAME what else` */
static bool read_env(struct secrets *secrets, struct node *node,
                     struct error *err)
{
    size_t len = strcspn(node->text, " ");
    char *name = memory_copy(node->text, len);
    const char *otherwise = node->text + len + strspn(node->text + len, " ");
    const char *value = getenv(name);
    bool ok;

    (void)secrets;
    if (!value && node->text[len])
        value = otherwise;
    ok = value ? set(node, value, strlen(value), err)
               : error_set(err, "the environment variable '%.64s' is not set",
                           name);
    free(name);
    return ok;
}

static bool read_file(struct secrets *secrets, struct node *node,
                      struct error *err)
{
    char *path = disk_beside(node->at.file->path, node->text);
    bool ok = set_from_file(node, path, err);

    (void)secrets;
    free(path);
    return ok;
}

static const struct {
    const char *tag;
    bool (*read)(struct secrets *secrets, struct node *node, struct error *err);
} tags[] = {
    {"!secret", read_secret},
    {"!env", read_env},
    {"!env_var", read_env},
    {"!file", read_file},
};

bool secrets_read_tag(void *arg, struct node *node, const char *tag,
                      struct error *err)
{
    size_t i;

    for (i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strcmp(tags[i].tag, tag) == 0)
            break;
    if (strcmp(tag, "!include") == 0)
        return error_set(err, "there is no !include; use the key 'include' at "
                              "the top of the file");
    if (i == sizeof tags / sizeof *tags)
        return error_set(err,
                         "unknown tag '%.40s'; known are !secret, !env, "
                         "!env_var and !file",
                         tag);
    if (!*node->text)
        return error_set(err, "%s needs a name behind it", tag);
    return tags[i].read(arg, node, err);
}
