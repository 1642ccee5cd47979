/* What the pictures of all printers share. */
#include "bridge/pictures/pictures.h"

#include "bridge/log.h"

#define BLAME_MS 5000 /* a loss so soon after a picture is its fault */
/* Then the size is not sent any more: a third loss would look like another
 * program with our client id. */
#define LOSSES_MAX  2
#define BLAME_LEAST ((size_t)16 << 10) /* smaller ones are never blamed */

void pictures_drop(struct pictures *p, const char *printer)
{
    char prefix[GALLERY_NAME_MAX + 1];

    (void)snprintf(prefix, sizeof prefix, "%s.", printer);
    gallery_drop_all(p->gallery, prefix, NULL);
}

void pictures_open(struct pictures *p, struct uv_loop_s *loop,
                   const char *directory, const struct outlet *outlet,
                   struct error *err)
{
    p->gallery = gallery_new(loop, directory, NULL, err);
    p->outlet = outlet;
    p->refused_size = SIZE_MAX;
}

void pictures_close(struct pictures *p)
{
    gallery_free(p->gallery);
    p->gallery = NULL;
}

void pictures_said(struct pictures *p, size_t len, int64_t now_ms)
{
    if (now_ms - p->said_ms > BLAME_MS || len > p->said_size)
        p->said_size = len;
    p->said_ms = now_ms;
}

void pictures_connected(struct pictures *p)
{
    p->live = true;
    p->stuck = false;
    p->said_size = 0;
}

/* MQTT 5 says how large a message may be; with 3.1.1 a broker can only close
 * the connection, and would do so again when it is sent the same. */
void pictures_lost(struct pictures *p, int64_t now_ms)
{
    bool blamed = p->live && p->said_size >= BLAME_LEAST &&
                  now_ms - p->said_ms < BLAME_MS;

    p->live = false;
    if (!blamed) {
        p->losses = 0;
        return;
    }
    if (++p->losses < LOSSES_MAX || p->said_size >= p->refused_size)
        return;
    p->losses = 0;
    p->refused_size = p->said_size;
    log_warning("the broker closes the connection right after a picture of "
                "%zu bytes; pictures so large are not sent any more. Let it "
                "take larger messages, or use MQTT 5",
                p->said_size);
}
