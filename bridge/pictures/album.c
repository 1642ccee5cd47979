#include "bridge/pictures/format.h"
#include "bridge/pictures/pictures.h"
#include "bridge/pictures/snapshots.h"
#include "bridge/pictures/thumbnail.h"
#include "mapping/memory.h"

#define READING_MAX   32 /* more would be read in vain when the way is full */
#define UNDER_WAY_MAX 8  /* answers of up to 8 MiB at the same time */

enum { JOB, LAST, CAMERAS, IMAGES = CAMERAS + INSTANCES_CAMERA };

struct image {
    char *name;       /* what it shows; NULL = nothing */
    uint32_t version; /* changes with the picture */
    bool said;        /* the broker has it, or knows that there is none */
    bool reading;     /* it is on its way from the gallery */
    bool refused;     /* the broker does not take it */
    signed char has;  /* as said: 0, 1; -1 = not said */
};

struct album {
    struct pictures *pictures;
    const struct routes *routes;
    struct printer *printer;
    const char *id;
    struct thumbnail thumbnail;
    struct snapshots *snapshots; /* NULL = none are fetched */
    struct image images[IMAGES];
    int64_t kept, last; /* jobs whose pictures were put in order */
    char *kept_name;    /* of the picture of kept; NULL = no job */
    struct moment now;  /* of the last call */
};

/* There is one for each of a thousand printers. */
_Static_assert(sizeof(struct album) <= 400, "an album is small");

/* --- names ------------------------------------------------------------- */

static void name_of(const struct album *a, const char *kind, int64_t job,
                    char out[GALLERY_NAME_MAX + 1])
{
    (void)snprintf(out, GALLERY_NAME_MAX + 1, "%s.%s-%lld", a->id, kind,
                   (long long)job);
}

static void key_of(const struct album *a, int i, char *out, size_t size)
{
    const struct instances *cameras = printer_roster(a->printer)->cameras;

    if (i < CAMERAS)
        (void)snprintf(out, size, "%s", i == JOB ? IMAGE_JOB : IMAGE_LAST);
    else
        (void)snprintf(out, size, "camera/%s/snapshot",
                       cameras->name[i - CAMERAS]);
}

/* How many images this printer can have. */
static int count_images(const struct album *a)
{
    return printer_driver(a->printer)->pictures
               ? CAMERAS + printer_roster(a->printer)->cameras->count
               : 0;
}

/* NULL: nothing. */
static void show(struct album *a, int i, const char *name)
{
    struct image *image = &a->images[i];

    if (name ? image->name && strcmp(image->name, name) == 0 : !image->name)
        return;
    free(image->name);
    image->name = memory_text(name);
    image->version++;
    image->said = image->refused = false;
}

/* --- saying ------------------------------------------------------------ */

static bool publish(struct album *a, int i, const char *bytes, size_t len)
{
    char key[FIELD_KEY_MAX + 1], topic[TOPIC_MAX + 1];
    const struct mqtt_message message = {
        .topic = topic,
        .payload = bytes,
        .len = len,
        .retain = true,
        .content_type = picture_content_type(picture_format(bytes, len)),
        .expiry_s = -1,
    };

    key_of(a, i, key, sizeof key);
    return routes_topic(a->routes, key, topic, sizeof topic) &&
           a->pictures->outlet->publish(a->pictures->outlet->arg, &message);
}

static bool say_has(struct album *a, int i, bool has)
{
    char key[FIELD_KEY_MAX + 1], tail[FIELD_KEY_MAX + 8], topic[TOPIC_MAX + 1];
    struct image *image = &a->images[i];

    if (image->has == has)
        return true;
    key_of(a, i, key, sizeof key);
    (void)snprintf(tail, sizeof tail, "has/%s", key);
    if (!routes_topic(a->routes, tail, topic, sizeof topic) ||
        !outlet_say(a->pictures->outlet, topic, has ? "online" : "offline", 1,
                    true))
        return false;
    image->has = (signed char)has;
    return true;
}

/* The bytes of an image, now or never mind: they are read again. */
static void say_bytes(struct album *a, int i, const char *bytes, size_t len)
{
    struct pictures *p = a->pictures;
    struct image *image = &a->images[i];

    if (!p->live || p->stuck || image->said)
        return;
    if (len >= p->refused_size) {
        image->refused = true;
        return;
    }
    if (!publish(a, i, bytes, len)) {
        p->stuck = true;
        return;
    }
    image->said = true;
    pictures_said(p, len, a->now.ms);
}

static uint64_t tag_of(const struct album *a, int i)
{
    return (uint64_t)a->images[i].version << 8 | (uint64_t)i;
}

static void came(void *arg, uint64_t tag, const char *bytes, size_t len)
{
    struct album *a = arg;
    int i = (int)(tag & 255);
    struct image *image = &a->images[i];

    image->reading = false;
    if (a->pictures->closed || tag != tag_of(a, i) || !image->name)
        return;
    if (bytes) {
        say_bytes(a, i, bytes, len);
    } else {
        show(a, i, NULL);
        if (i == JOB)
            thumbnail_again(&a->thumbnail, a->now);
        else if (i >= CAMERAS && a->snapshots)
            snapshots_again(a->snapshots);
    }
    (void)album_sync(a, a->now);
}

static void was_read(void *arg, uint64_t tag, const char *bytes, size_t len)
{
    struct album *a = arg;

    a->pictures->reading--;
    came(arg, tag, bytes, len);
}

static bool say_image(struct album *a, int i)
{
    struct image *image = &a->images[i];

    if (!image->name || image->refused) {
        if (!say_has(a, i, false))
            return false;
        image->said = image->said || publish(a, i, "", 0);
        return image->said;
    }
    if (image->said)
        return say_has(a, i, true);
    if (image->reading)
        return true;
    if (a->pictures->stuck || a->pictures->reading >= READING_MAX)
        return false;
    image->reading = true;
    a->pictures->reading++;
    gallery_read(a->pictures->gallery, image->name, was_read, a, tag_of(a, i));
    return true;
}

bool album_sync(struct album *a, struct moment now)
{
    int i, count = count_images(a);
    bool all = true;

    a->now = now;
    if (!a->pictures->live || !printer_judged(a->printer))
        return true;
    for (i = 0; i < count; i++)
        all = say_image(a, i) && all;
    return all;
}

void album_again(struct album *a)
{
    int i;

    for (i = 0; i < IMAGES; i++) {
        a->images[i].said = a->images[i].refused = false;
        a->images[i].has = -1;
        a->images[i].version++; /* what is on its way is read again */
        a->images[i].reading = false;
    }
}

bool album_refused(struct album *a, const char *topic)
{
    char key[FIELD_KEY_MAX + 1], own[TOPIC_MAX + 1];
    int i, count = count_images(a);

    for (i = 0; i < count; i++) {
        key_of(a, i, key, sizeof key);
        if (!routes_topic(a->routes, key, own, sizeof own) ||
            strcmp(own, topic) != 0)
            continue;
        a->images[i].refused = true;
        return true;
    }
    return false;
}

/* --- what there is to be said ------------------------------------------ */

/* A fresh picture is kept and then said; where it cannot be kept it is said at
 * once. */
static void keep(struct album *a, int i, const char *name, const char *bytes,
                 size_t len)
{
    struct image *image = &a->images[i];

    show(a, i, name);
    image->version++;
    image->said = image->refused = false;
    image->reading = true;
    if (gallery_keep(a->pictures->gallery, name, bytes, len, came, a,
                     tag_of(a, i)))
        return;
    image->reading = false;
    gallery_drop(a->pictures->gallery, name);
    say_bytes(a, i, bytes, len);
}

static int64_t current_job(const struct job *job)
{
    return job->phase != JOB_NONE ? job->now.id : -1;
}

static void follow_last(struct album *a, const struct job *job)
{
    struct gallery *g = a->pictures->gallery;
    char from[GALLERY_NAME_MAX + 1], to[GALLERY_NAME_MAX + 1];
    char prefix[GALLERY_NAME_MAX + 1];
    bool current = job->last.id == current_job(job);
    bool again = a->kept >= 0 && job->last.id == a->kept && !current;

    if (!job->known || (job->last.id == a->last && !again))
        return;
    name_of(a, "job", job->last.id, from);
    name_of(a, "last", job->last.id, to);
    if (job->last.id == a->last) { /* its number was the last one's, too */
        gallery_drop(g, to);
        show(a, LAST, NULL);
    }
    a->last = job->last.id;
    (void)snprintf(prefix, sizeof prefix, "%s.last-", a->id);
    if (!current)
        gallery_rename(g, from, to);
    gallery_drop_all(g, prefix, to);
    show(a, LAST, gallery_has(g, to) ? to : NULL);
}

static void change_kept(struct album *a, int64_t job)
{
    char name[GALLERY_NAME_MAX + 1], prefix[GALLERY_NAME_MAX + 1];

    name_of(a, "job", job, name);
    (void)snprintf(prefix, sizeof prefix, "%s.job-", a->id);
    gallery_drop_all(a->pictures->gallery, prefix, job < 0 ? NULL : name);
    show(a, JOB, NULL); /* it was another's */
    free(a->kept_name);
    a->kept_name = job < 0 ? NULL : memory_text(name);
    a->kept = job;
}

/* The picture of a job that is out of sight for a while is kept. */
static void follow_job(struct album *a, const struct job *job)
{
    const struct gallery *g = a->pictures->gallery;
    int64_t kept = current_job(job);
    int64_t seen =
        printer_online(a->printer)
            ? telemetry_integer(printer_telemetry(a->printer), SLOT_JOB_ID, -1)
            : -1;

    if (kept != a->kept)
        change_kept(a, kept);
    if (seen < 0 || seen != kept)
        show(a, JOB, NULL);
    else if (!a->images[JOB].name && gallery_has(g, a->kept_name))
        show(a, JOB, a->kept_name);
}

void album_step(struct album *a, struct moment now)
{
    const struct job *job = &printer_memory(a->printer)->job;

    a->now = now;
    follow_last(a, job);
    follow_job(a, job);
    thumbnail_step(&a->thumbnail, now);
}

/* --- the errand's side -------------------------------------------------- */

static bool has(void *arg, int64_t job)
{
    const struct album *a = arg;
    char name[GALLERY_NAME_MAX + 1];

    name_of(a, "job", job, name);
    if (gallery_has(a->pictures->gallery, name))
        return true;
    if (job == a->kept) /* the last one may have had the same number */
        return false;
    name_of(a, "last", job, name);
    return gallery_has(a->pictures->gallery, name);
}

static bool begin(void *arg)
{
    struct album *a = arg;

    if (a->pictures->under_way >= UNDER_WAY_MAX)
        return false;
    a->pictures->under_way++;
    return true;
}

static void ended(void *arg)
{
    struct album *a = arg;

    a->pictures->under_way--;
}

/* It may have ended while its picture was on the way. */
static void take(void *arg, int64_t job, const char *bytes, size_t len)
{
    struct album *a = arg;
    char name[GALLERY_NAME_MAX + 1];

    album_step(a, a->now);
    if (job == a->kept) {
        name_of(a, "job", job, name);
        keep(a, JOB, name, bytes, len);
    } else if (job == a->last) {
        name_of(a, "last", job, name);
        keep(a, LAST, name, bytes, len);
    }
}

static void copied(void *arg, uint64_t tag, const char *bytes, size_t len)
{
    struct album *a = arg;

    if (a->pictures->closed)
        return;
    if (bytes)
        take(a, (int64_t)tag, bytes, len);
    else
        thumbnail_again(&a->thumbnail, a->now);
    (void)album_sync(a, a->now);
}

static void take_same(void *arg, int64_t job, int64_t same)
{
    struct album *a = arg;
    char name[GALLERY_NAME_MAX + 1];

    name_of(a, "job", same, name);
    if (!gallery_has(a->pictures->gallery, name))
        name_of(a, "last", same, name);
    gallery_read(a->pictures->gallery, name, copied, a, (uint64_t)job);
}

static const struct thumbnail_sink sink = {has, begin, ended, take, take_same};

bool album_add_snapshot(struct album *a, int camera, const char *bytes,
                        size_t len)
{
    const struct instances *cameras = printer_roster(a->printer)->cameras;
    char name[GALLERY_NAME_MAX + 1];

    if (camera < 0 || camera >= cameras->count || len > PICTURE_MAX ||
        picture_format(bytes, len) == PICTURE_UNKNOWN)
        return false;
    (void)snprintf(name, sizeof name, "%s.camera-%s", a->id,
                   cameras->name[camera]);
    keep(a, CAMERAS + camera, name, bytes, len);
    printer_note_snapshot(a->printer, camera, a->now);
    return true;
}

static void take_snapshot(void *arg, int camera, const char *bytes, size_t len)
{
    (void)album_add_snapshot(arg, camera, bytes, len);
}

static const struct snapshots_sink snapshots_sink = {begin, ended,
                                                     take_snapshot};

/* --- life -------------------------------------------------------------- */

static void fetch_snapshots(struct album *a)
{
    a->snapshots = memory_zero(1, sizeof *a->snapshots);
    snapshots_init(a->snapshots, a->printer,
                   printer_config(a->printer)->snapshots_ms, &snapshots_sink,
                   a);
    printer_add_errand(a->printer, &a->snapshots->errand);
}

struct album *album_new(struct pictures *pictures, const struct routes *routes,
                        struct printer *printer)
{
    struct album *a = memory_zero(1, sizeof *a);
    char prefix[GALLERY_NAME_MAX + 1];

    a->pictures = pictures;
    a->routes = routes;
    a->printer = printer;
    a->id = printer_config(printer)->id;
    a->kept = a->last = -2;
    album_again(a);
    /* when it was taken is not known any more */
    (void)snprintf(prefix, sizeof prefix, "%s.camera-", a->id);
    gallery_drop_all(pictures->gallery, prefix, NULL);
    thumbnail_init(&a->thumbnail, printer, &sink, a);
    if (printer_driver(printer)->pictures &&
        printer_config(printer)->thumbnails)
        printer_add_errand(printer, &a->thumbnail.errand);
    if (printer_config(printer)->snapshots_ms > 0)
        fetch_snapshots(a);
    return a;
}

void album_free(struct album *a)
{
    int i;

    if (!a)
        return;
    for (i = 0; i < IMAGES; i++)
        free(a->images[i].name);
    thumbnail_release(&a->thumbnail);
    free(a->snapshots);
    free(a->kept_name);
    free(a);
}

void album_forget(struct album *a)
{
    int i;

    pictures_drop(a->pictures, a->id);
    for (i = 0; i < IMAGES; i++)
        show(a, i, NULL);
    a->kept = a->last = -2;
    thumbnail_release(&a->thumbnail);
    if (a->snapshots)
        snapshots_forget(a->snapshots);
}
