#include "mapping/field.h"

#include "mapping/memory.h"

#define ROOM_STEP 8

_Static_assert(INSTANCES_STORAGE == SLOT_LEVELS &&
                   INSTANCES_CAMERA == SLOT_LEVELS &&
                   INSTANCES_CUSTOM % SLOT_LEVELS == 0,
               "the instances of each scope fill the levels");

static const struct field_row rows[] = {
#define FIELD(id, key, label, quantity, scope, life)                           \
    [FIELD_##id] = {key,           label,       QUANTITY_##quantity,           \
                    SCOPE_##scope, LIFE_##life, SLOT_##id},
#include "mapping/fields.def"
#undef FIELD
};

static const int instances_of[] = {
    [SCOPE_ONE] = INSTANCES_ONE,
    [SCOPE_STORAGE] = INSTANCES_STORAGE,
    [SCOPE_CAMERA] = INSTANCES_CAMERA,
    [SCOPE_CUSTOM] = INSTANCES_CUSTOM,
};

bool slot_set_has(const struct slot_set *set, int slot)
{
    return set->bits[slot / 64] >> slot % 64 & 1;
}

bool slot_set_add(struct slot_set *set, int slot)
{
    uint64_t bit = UINT64_C(1) << slot % 64;
    bool news = !(set->bits[slot / 64] & bit);

    set->bits[slot / 64] |= bit;
    return news;
}

const struct field_row *field_row(enum field field)
{
    return &rows[field];
}

int field_instances(enum field field)
{
    return instances_of[rows[field].scope];
}

int field_slot(enum field field, int instance)
{
    int in_level;

    if (instance == 0)
        return rows[field].first_slot; /* mostly */
    in_level = field_instances(field) / SLOT_LEVELS;
    return rows[field].first_slot + instance / in_level * SLOT_LEVEL +
           instance % in_level;
}

int field_room(int slot)
{
    int room = (slot < SLOT_FIXED ? SLOT_FIXED : slot + 1) + ROOM_STEP - 1;

    return room - room % ROOM_STEP;
}

enum field field_target(enum field field)
{
    return rows[field].quantity == QUANTITY_HEAT ? field + 1 : FIELD_COUNT;
}

/* Does key fit a row's key? The part at '<...>' goes to instance. */
static bool key_matches(const char *pattern, const char *key, char *instance)
{
    const char *open = strchr(pattern, '<');
    const char *close = open ? strchr(open, '>') : NULL;
    size_t head, part;

    instance[0] = '\0';
    if (!close)
        return strcmp(pattern, key) == 0;
    head = (size_t)(open - pattern);
    if (strncmp(pattern, key, head) != 0)
        return false;
    if (strcmp(pattern, key) == 0)
        return true;
    part = strcspn(key + head, "/");
    if (part == 0 || part > INSTANCE_NAME_MAX ||
        strcmp(close + 1, key + head + part) != 0 ||
        strspn(key + head, "abcdefghijklmnopqrstuvwxyz0123456789_-") < part)
        return false;
    memcpy(instance, key + head, part);
    instance[part] = '\0';
    return true;
}

enum field field_find(const char *key, char *instance)
{
    char part[INSTANCE_NAME_MAX + 1];
    enum field f;

    for (f = 0; f < FIELD_CUSTOM; f++)
        if (key_matches(rows[f].key, key, part))
            break;
    if (f == FIELD_CUSTOM)
        return FIELD_COUNT;
    if (instance)
        memcpy(instance, part, sizeof part);
    return f;
}

/* Add len bytes behind the *used ones; false if they do not fit. */
static bool append(char *out, size_t size, size_t *used, const char *bytes,
                   size_t len)
{
    if (len >= size - *used)
        return false;
    memcpy(out + *used, bytes, len);
    *used += len;
    out[*used] = '\0';
    return true;
}

bool field_key(enum field field, const char *instance, char *out, size_t size)
{
    const char *key = rows[field].key;
    const char *open = instance && *instance ? strchr(key, '<') : NULL;
    const char *close = open ? strchr(open, '>') : NULL;
    size_t used = 0;

    if (size == 0)
        return false;
    if (!close)
        return append(out, size, &used, key, strlen(key));
    return append(out, size, &used, key, (size_t)(open - key)) &&
           append(out, size, &used, instance, strlen(instance)) &&
           append(out, size, &used, close + 1, strlen(close + 1));
}

/* What a byte of an identity becomes in a name. */
static char name_byte(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')
        return c;
    return '_';
}

void instance_name(const char *identity, char *out)
{
    size_t begin = strspn(identity, "/");
    size_t end = strlen(identity);
    size_t len = 0;

    while (end > begin && identity[end - 1] == '/')
        end--;
    while (begin < end && len < INSTANCE_NAME_MAX)
        out[len++] = name_byte(identity[begin++]);
    if (len == 0)
        out[len++] = '_';
    out[len] = '\0';
}

void instances_release(struct instances *instances)
{
    free(instances->name);
    *instances = (struct instances){.count = 0};
}

void instances_copy(struct instances *to, const struct instances *from)
{
    struct instances copy = *from;

    copy.name = NULL;
    if (from->count > 0) {
        copy.name = memory_grow(NULL, (size_t)from->count, sizeof *copy.name);
        memcpy(copy.name, from->name, (size_t)from->count * sizeof *copy.name);
    }
    instances_release(to);
    *to = copy;
}

int instances_find(const struct instances *instances, const char *name)
{
    int i;

    for (i = 0; i < instances->count; i++)
        if (strcmp(instances->name[i], name) == 0)
            return i;
    return -1;
}

static const struct instances *list_of(const struct roster *roster,
                                       enum scope scope)
{
    switch (scope) {
    case SCOPE_STORAGE: return roster->storages;
    case SCOPE_CAMERA: return roster->cameras;
    case SCOPE_ONE:
    case SCOPE_CUSTOM:
    case SCOPE_COUNT: break;
    }
    return NULL;
}

int roster_count(const struct roster *roster, enum scope scope)
{
    const struct instances *list = list_of(roster, scope);

    return list ? list->count : 0;
}

const char *roster_name(const struct roster *roster, enum scope scope,
                        int instance)
{
    const struct instances *list = list_of(roster, scope);

    return list && instance < list->count ? list->name[instance] : NULL;
}

int instances_learn(struct instances *instances, const char *identity,
                    int occurrence)
{
    char name[INSTANCE_NAME_MAX + 1] = "";
    int found;

    instance_name(identity, name);
    if (occurrence > 0) {
        size_t len = strlen(name);

        if (len > INSTANCE_NAME_MAX - 4)
            len = INSTANCE_NAME_MAX - 4;
        /* a name that was cut must not become what it was */
        (void)snprintf(name + len, sizeof name - len, "%c%d",
                       name[len] == '_' ? '-' : '_', occurrence % 100 + 1);
    }
    found = instances_find(instances, name);
    if (found >= 0)
        return found;
    if (instances->count == INSTANCES_STORAGE) {
        instances->overflow = true;
        return -1;
    }
    instances->name = memory_grow(instances->name, (size_t)instances->count + 1,
                                  sizeof *instances->name);
    memcpy(instances->name[instances->count], name, sizeof name);
    return instances->count++;
}
