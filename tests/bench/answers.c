#include "tests/bench/answers.h"

#include <openssl/evp.h>
#include <time.h>

#define REALM    "Printer API"
#define USER     "maker"
#define PASSWORD "bench"
#define HEX_LEN  32

static int64_t nonce_life_us;
static char ha1[HEX_LEN + 1];

int64_t clock_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void md5(const char *text, char hex[HEX_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    static EVP_MD *method;
    static EVP_MD_CTX *context;
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0, i;

    if (!context) {
        method = EVP_MD_fetch(NULL, "MD5", NULL);
        context = EVP_MD_CTX_new();
    }
    (void)EVP_DigestInit_ex(context, method, NULL);
    (void)EVP_DigestUpdate(context, text, strlen(text));
    (void)EVP_DigestFinal_ex(context, bytes, &len);
    for (i = 0; i < len; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * len] = '\0';
}

void answers_init(int64_t nonce_us)
{
    nonce_life_us = nonce_us;
    md5(USER ":" REALM ":" PASSWORD, ha1);
}

/* ---- login: Digest as Buddy has it, RFC 2069 without qop ---- */

/* The quoted value of a parameter of the Authorization header. */
static bool parameter(const char *header, const char *name, char *out,
                      size_t size)
{
    const char *at = strstr(header, name);
    size_t len;

    if (!at)
        return false;
    at += strlen(name);
    len = strcspn(at, "\"\r");
    if (len >= size)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

static bool is_right(const char *header, const char *method, const char *nonce)
{
    char uri[200], response[HEX_LEN + 2], ha2[HEX_LEN + 1], want[HEX_LEN + 1];
    char text[400];

    if (!parameter(header, " uri=\"", uri, sizeof uri) ||
        !parameter(header, " response=\"", response, sizeof response))
        return false;
    (void)snprintf(text, sizeof text, "%s:%s", method, uri);
    md5(text, ha2);
    (void)snprintf(text, sizeof text, "%s:%s:%s", ha1, nonce, ha2);
    md5(text, want);
    return strcmp(want, response) == 0;
}

/* True if the request may pass; else *stale says why not. */
static bool logs_in(const struct far *far, const char *head, const char *method,
                    bool *stale)
{
    const char *header = strstr(head, "\r\nAuthorization: Digest ");
    char nonce[40], ours[40];

    *stale = false;
    if (nonce_life_us == 0)
        return true;
    if (!header || !parameter(header, " nonce=\"", nonce, sizeof nonce))
        return false;
    (void)snprintf(ours, sizeof ours, "%016llx",
                   (unsigned long long)far->nonce);
    *stale = far->nonce_us == 0 || strcmp(nonce, ours) != 0 ||
             clock_us() - far->nonce_us > nonce_life_us;
    return !*stale && is_right(header, method, nonce);
}

static size_t challenge(struct far *far, bool stale, char *out)
{
    far->nonce_us = clock_us();
    far->nonce = (uint64_t)far->nonce_us * 2654435761u + (unsigned)far->index;
    return (size_t)snprintf(
        out, ANSWER_MAX,
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"" REALM
        "\", nonce=\"%016llx\", stale=%s\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n{}",
        (unsigned long long)far->nonce, stale ? "true" : "false");
}

/* ---- documents ---- */

/* 43 values, about 800 bytes. What moves does so by more than the deadbands of
 * the bridge, so that everybody has seven things to tell. */
static int status(struct far *far, char *out, size_t size)
{
    unsigned n = ++far->polls;
    int odd = (int)(n & 1);

    return snprintf(
        out, size,
        "{\"job\":{\"id\":%d,\"progress\":%.1f,\"time_remaining\":%u,"
        "\"time_printing\":%u},"
        "\"storage\":{\"path\":\"/usb/\",\"name\":\"usb\",\"read_only\":false},"
        "\"printer\":{\"state\":\"%s\",\"temp_bed\":%.1f,\"target_bed\":60.0,"
        "\"temp_nozzle\":%.1f,\"target_nozzle\":215.0,\"axis_x\":%lld.0,"
        "\"axis_y\":%.1f,\"axis_z\":%.2f,\"flow\":100,\"speed\":100,"
        "\"fan_hotend\":%d,\"fan_print\":%d,"
        "\"status_printer\":{\"ok\":true,\"message\":\"OK\"},"
        "\"status_connect\":{\"ok\":true,\"message\":\"OK\"},"
        "\"slot\":{\"active\":1,\"0\":{\"material\":\"PLA\",\"temp\":215.0,"
        "\"fan_hotend\":4000,\"fan_print\":5000},\"1\":{\"material\":\"PETG\","
        "\"temp\":30.0,\"fan_hotend\":0,\"fan_print\":0},\"2\":{\"material\":"
        "\"PLA\",\"temp\":30.0,\"fan_hotend\":0,\"fan_print\":0},\"3\":{"
        "\"material\":\"ASA\",\"temp\":30.0,\"fan_hotend\":0,\"fan_print\":0}},"
        "\"chamber\":{\"temp\":28.5,\"target\":0.0,\"fan_1\":0,\"fan_2\":0}}}",
        1000 + far->index, 10.0 + n / 36 % 80, 36000 - n / 60 % 500 * 60,
        600 + n / 60 % 500 * 60, far->paused ? "PAUSED" : "PRINTING",
        odd ? 56.0 : 56.5, odd ? 205.0 : 206.5, (long long)clock_us(),
        odd ? 100.0 : 101.5, odd ? 10.2 : 10.4, odd ? 4000 : 4080,
        odd ? 5000 : 5100);
}

static int job(const struct far *far, char *out, size_t size)
{
    return snprintf(out, size,
                    "{\"id\":%d,\"state\":\"%s\",\"progress\":12.0,"
                    "\"inaccurate_estimates\":false,\"serial_print\":false,"
                    "\"file\":{\"name\":\"PART~1.BGC\",\"display_name\":"
                    "\"part %d.bgcode\",\"path\":\"/usb\",\"size\":1234567,"
                    "\"m_timestamp\":1700000000}}",
                    1000 + far->index, far->paused ? "PAUSED" : "PRINTING",
                    far->index);
}

static int info(const struct far *far, char *out, size_t size)
{
    return snprintf(out, size,
                    "{\"nozzle_diameter\":0.40,\"mmu\":false,\"serial\":"
                    "\"10589-374200123%06d\",\"hostname\":\"p%d\","
                    "\"min_extrusion_temp\":170,\"name\":\"Printer %d\","
                    "\"location\":\"hall 1\"}",
                    far->index, far->index, far->index);
}

static int version(const struct far *far, char *out, size_t size)
{
    (void)far;
    return snprintf(out, size,
                    "{\"api\":\"2.0.0\",\"version\":\"2.0.0\",\"printer\":"
                    "\"1.4.0\",\"text\":\"PrusaLink\",\"firmware\":"
                    "\"6.4.0+11974\",\"capabilities\":{\"upload-by-put\":"
                    "true}}");
}

static int storage(const struct far *far, char *out, size_t size)
{
    (void)far;
    return snprintf(out, size,
                    "{\"storage_list\":[{\"path\":\"/usb/\",\"name\":\"usb\","
                    "\"type\":\"USB\",\"read_only\":false,\"available\":true,"
                    "\"free_space\":12345678912}]}");
}

static int legacy(const struct far *far, char *out, size_t size)
{
    (void)far;
    return snprintf(out, size,
                    "{\"telemetry\":{\"temp-bed\":56.0,\"temp-nozzle\":205.0,"
                    "\"print-speed\":100,\"z-height\":10.2,\"material\":"
                    "\"PLA\"},\"state\":{\"text\":\"Printing\"}}");
}

static const struct {
    const char *target;
    int (*write)(const struct far *far, char *out, size_t size);
} documents[] = {
    {"/api/v1/job", job},      {"/api/v1/info", info},
    {"/api/version", version}, {"/api/v1/storage", storage},
    {"/api/printer", legacy},
};

/* ---- requests ---- */

static size_t whole(const char *line, const char *body, int len, char *out)
{
    int n = snprintf(out, ANSWER_MAX,
                     "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %d\r\n\r\n%.*s",
                     line, len, len, body);

    return n < 0 || n >= ANSWER_MAX ? 0 : (size_t)n;
}

static size_t nothing(const char *line, char *out)
{
    return (size_t)snprintf(
        out, ANSWER_MAX, "HTTP/1.1 %s\r\n%s\r\n", line,
        strncmp(line, "204", 3) == 0 ? "" : "Content-Length: 0\r\n");
}

static enum asked read_document(struct far *far, const char *target, char *out,
                                size_t *len)
{
    char body[ANSWER_MAX - 200];
    size_t i;

    if (strcmp(target, "/api/v1/status") == 0) {
        *len = whole("200 OK", body, status(far, body, sizeof body), out);
        return ASKED_STATUS;
    }
    for (i = 0; i < sizeof documents / sizeof *documents; i++)
        if (strcmp(target, documents[i].target) == 0) {
            *len = whole("200 OK", body,
                         documents[i].write(far, body, sizeof body), out);
            return ASKED_OTHER;
        }
    *len = nothing(strcmp(target, "/api/v1/transfer") == 0 ? "204 No Content"
                                                           : "404 Not Found",
                   out);
    return ASKED_OTHER;
}

static enum asked obey(struct far *far, const char *target, char *out,
                       size_t *len)
{
    const char *word = strrchr(target, '/');

    far->paused = word && strcmp(word, "/pause") == 0;
    *len = nothing("204 No Content", out);
    return ASKED_ORDER;
}

enum asked answers_make(struct far *far, const char *head, char *out,
                        size_t *len)
{
    char method[8], target[200];
    bool stale;

    if (sscanf(head, "%7s %199s", method, target) != 2) {
        *len = nothing("400 Bad Request", out);
        return ASKED_OTHER;
    }
    if (!logs_in(far, head, method, &stale)) {
        *len = challenge(far, stale, out);
        return ASKED_REFUSED;
    }
    return strcmp(method, "PUT") == 0 ? obey(far, target, out, len)
                                      : read_document(far, target, out, len);
}
