/* Is there a printer at the address, and is it ours? A missed poll is followed
 * by a second try; two in a row are said to be offline. Whoever answers after
 * a gap is asked for the serial number before anything is believed or sent. */
#include "bridge/printer_internal.h"
#include "mapping/memory.h"
#include "mapping/text.h"

#define SECOND_TRY_MS 1000
#define AUTH_AGAIN_MS 60000

static const char *const remedies[] = {
    [TROUBLE_NONE] = "",
    [TROUBLE_UNREACHABLE] = "Is the printer switched on and in the network, "
                            "and is its url right?",
    [TROUBLE_CERTIFICATE] =
        "Name the printer's certificate, or that of who signed it, as its "
        "ca_file; insecure: true trusts whoever answers.",
    [TROUBLE_TIMEOUT] = "The printer or the network is very slow or hangs; "
                        "switching the printer off and on usually helps.",
    [TROUBLE_AUTH] = "Check username and password (on the printer: Settings, "
                     "Network, PrusaLink).",
    [TROUBLE_ANSWER] = "Is url the address of a PrusaLink with a recent "
                       "firmware (4.7 or later)?",
    [TROUBLE_WRONG_PRINTER] =
        "Another printer answers at this address. Correct the url; if the "
        "printer was replaced for good, send its id to bridge/request/forget.",
    [TROUBLE_NO_SERIAL] = "The printer does not tell its serial number; set "
                          "unique_id for it.",
    [TROUBLE_SAME_SERIAL] =
        "Another printer of the configuration has the same serial number; set "
        "a unique_id for one of them.",
};

static const char key_remedy[] =
    "Check the key (on a Raspberry Pi: in the settings of PrusaLink's page; "
    "in Prusa's own firmware it is the password of Settings, Network, "
    "PrusaLink).";

/* Does it log in with something else than user name and password? */
static bool has_key(const struct printer *p)
{
    return p->config->auth == CONFIG_AUTH_API_KEY ||
           p->config->auth == CONFIG_AUTH_TOKEN;
}

/* Forget what only holds while the printer answers without a gap. */
void contact_begin(struct printer *p, struct moment now)
{
    (void)now;
    p->contact = false;
    p->settled = false;
    p->identity_read = p->serial_checked = p->doubted = false;
    p->pending = p->missing = p->failed = 0;
    p->untried = printer_all_endpoints(p);
    memset(p->read_ms, 0, sizeof p->read_ms);
}

void contact_doubt(struct printer *p)
{
    if (p->identity_endpoint < 0)
        return;
    p->identity_read = p->serial_checked = false;
    p->pending |= 1u << p->identity_endpoint;
}

static enum trouble trouble_of(const struct http_answer *answer)
{
    switch (answer->result) {
    case HTTP_ANSWERED:
        return answer->status == 401 || answer->status == 403 ? TROUBLE_AUTH
                                                              : TROUBLE_ANSWER;
    case HTTP_UNREACHABLE:
        return answer->untrusted ? TROUBLE_CERTIFICATE : TROUBLE_UNREACHABLE;
    case HTTP_TIMEOUT: return TROUBLE_TIMEOUT;
    case HTTP_BROKEN:
    case HTTP_TOO_BIG:
    case HTTP_ABORTED:
    case HTTP_LOCAL: break;
    }
    return TROUBLE_ANSWER;
}

static int64_t next_backoff(struct printer *p)
{
    int64_t wait = p->backoff_ms ? p->backoff_ms : p->config->poll_offline_ms;

    p->backoff_ms = wait * 2 < p->config->poll_offline_max_ms
                        ? wait * 2
                        : p->config->poll_offline_max_ms;
    return wait;
}

const char *contact_error(const struct printer *p)
{
    return p->error ? p->error : "";
}

static void go_offline(struct printer *p, bool news, struct moment now)
{
    if (p->online || !p->judged) {
        p->since_ms = now.ms;
        news = true;
    }
    p->judged = true;
    p->online = false;
    telemetry_clear_life(&p->telemetry, LIFE_LIVE);
    if (news)
        printer_log(p, LOG_LEVEL_WARNING, "offline: %s. %s", contact_error(p),
                    printer_remedy(p));
    printer_follow_job(p, now);
    orders_offline(p, false, now);
}

/* A printer that is switched off is now unreachable, now a time-out: which of
 * the two comes first is chance. */
static bool is_silent(enum trouble trouble)
{
    return trouble == TROUBLE_UNREACHABLE || trouble == TROUBLE_TIMEOUT;
}

void contact_missed(struct printer *p, enum trouble trouble, const char *reason,
                    struct moment now)
{
    bool news =
        p->trouble != trouble && !(is_silent(p->trouble) && is_silent(trouble));
    bool sure = trouble == TROUBLE_AUTH || trouble == TROUBLE_WRONG_PRINTER;
    char clean[4 * ERROR_MAX + 1];

    p->polls_failed++;
    p->misses += sure ? 2 : 1;
    p->trouble = trouble;
    (void)text_clean(reason, ERROR_MAX, clean, sizeof clean);
    memory_keep(&p->error, clean);
    contact_begin(p, now);
    telemetry_set(&p->telemetry, SLOT_POLL_FAILURES, value_integer(p->misses));
    telemetry_set_text(&p->telemetry, SLOT_POLL_ERROR, clean);
    if (p->misses < 2) {
        p->next_poll_ms = now.ms + SECOND_TRY_MS;
        return;
    }
    p->next_poll_ms =
        now.ms + (trouble == TROUBLE_AUTH ? AUTH_AGAIN_MS : next_backoff(p));
    go_offline(p, news, now);
}

void contact_failed(struct printer *p, const struct http_answer *answer,
                    struct moment now)
{
    enum trouble trouble = trouble_of(answer);
    char reason[4 * ERROR_MAX + 1];

    if (trouble == TROUBLE_AUTH)
        (void)snprintf(reason, sizeof reason, "%s refused (HTTP %d)",
                       has_key(p) ? "key" : "user name or password",
                       answer->status);
    else
        (void)snprintf(reason, sizeof reason, "%s", answer->reason);
    contact_missed(p, trouble, reason, now);
}

/* The serial of the snapshot against the remembered one. */
static bool check_serial(struct printer *p, struct moment now)
{
    const char *serial = telemetry_text(p->scratch, SLOT_INFO_SERIAL);
    char reason[200];

    p->identity_read = true;
    p->serial_checked = *serial || !p->memory.serial[0];
    if (!*serial)
        return true;
    if (!p->memory.serial[0]) {
        (void)snprintf(p->memory.serial, sizeof p->memory.serial, "%s", serial);
        p->memory.changed = true;
        return true;
    }
    if (strncmp(p->memory.serial, serial, SERIAL_MAX) == 0)
        return true;
    (void)snprintf(reason, sizeof reason,
                   "the printer at this address has the serial number %.64s, "
                   "ours has %.64s",
                   serial, p->memory.serial);
    contact_missed(p, TROUBLE_WRONG_PRINTER, reason, now);
    return false;
}

bool contact_answered(struct printer *p, int endpoint, struct moment now)
{
    return endpoint != p->identity_endpoint || check_serial(p, now);
}

static void greet(struct printer *p, struct moment now)
{
    const char *told = p->memory.model ? p->memory.model : "";
    const char *model = p->config->model ? p->config->model : told;
    long long minutes = (now.ms - p->since_ms) / 60000;

    if (p->judged)
        printer_log(p, LOG_LEVEL_INFO, "online again after %lld min", minutes);
    else
        printer_log(p, LOG_LEVEL_INFO, "online%s%s%s%s%s", *model ? ": " : "",
                    model, p->memory.serial[0] ? ", serial number " : "",
                    p->memory.serial,
                    p->config->read_only ? ", read-only" : "");
    p->since_ms = now.ms;
}

void contact_established(struct printer *p, struct moment now)
{
    p->misses = 0;
    if (p->contact)
        return;
    p->contact = true;
    p->parted_ms = 0;
    p->backoff_ms = 0;
    p->trouble = TROUBLE_NONE;
    memory_keep(&p->error, NULL);
    telemetry_clear(&p->telemetry, SLOT_POLL_ERROR);
    if (!p->online)
        greet(p, now);
    p->online = p->judged = true;
}

void printer_forget(struct printer *p, struct moment now)
{
    p->version++;
    files_select(p->files, NULL, NULL);
    printer_memory_release(&p->memory);
    telemetry_clear_life(&p->telemetry, LIFE_KEPT);
    p->start = (struct job_start){.known = false};
    p->next_day_ms = 0;
    instances_copy(&p->memory.storages, &p->device.storages);
    instances_copy(&p->memory.cameras, &p->device.cameras);
    p->memory.changed = true;
    if (p->flight == FLIGHT_NONE)
        p->next_poll_ms = now.ms;
    p->serial_checked = p->identity_read = p->settled = false;
    p->missing = p->failed = 0;
    p->pending |= printer_all_endpoints(p);
    p->untried = printer_all_endpoints(p);
}

void printer_set_trouble(struct printer *p, enum trouble trouble)
{
    p->owner_trouble = trouble;
}

enum trouble printer_trouble(const struct printer *p)
{
    if (p->trouble != TROUBLE_NONE && p->misses >= 2)
        return p->trouble;
    if (p->owner_trouble != TROUBLE_NONE)
        return p->owner_trouble;
    return p->nameless ? TROUBLE_NO_SERIAL : TROUBLE_NONE;
}

const char *printer_error(const struct printer *p)
{
    switch (printer_trouble(p)) {
    case TROUBLE_NONE: return "";
    case TROUBLE_NO_SERIAL: return "no serial number";
    case TROUBLE_SAME_SERIAL: return "two printers with one serial number";
    case TROUBLE_UNREACHABLE:
    case TROUBLE_CERTIFICATE:
    case TROUBLE_TIMEOUT:
    case TROUBLE_AUTH:
    case TROUBLE_ANSWER:
    case TROUBLE_WRONG_PRINTER: break;
    }
    return contact_error(p);
}

const char *printer_remedy(const struct printer *p)
{
    enum trouble trouble = printer_trouble(p);

    return trouble == TROUBLE_AUTH && has_key(p) ? key_remedy
                                                 : remedies[trouble];
}
