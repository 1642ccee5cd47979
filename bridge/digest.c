#include "bridge/digest.h"

#include "mapping/memory.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <strings.h>

/* ---- reading a challenge ---- */

static const struct {
    const char *name;
    enum digest_hash hash;
    bool session;
} algorithms[] = {
    {"MD5", DIGEST_MD5, false},
    {"MD5-sess", DIGEST_MD5, true},
    {"SHA-256", DIGEST_SHA256, false},
    {"SHA-256-sess", DIGEST_SHA256, true},
};

struct reader {
    const char *at;
    const char *end;
};

/* A token, or what stood between quotes (escapes still in it). */
struct word {
    const char *at;
    size_t len;
    bool quoted;
};

/* The challenge that is being read. */
struct offer {
    struct digest_challenge challenge;
    bool digest; /* the scheme is Digest */
    bool bad;    /* something in it cannot be used */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_token(char c)
{
    return c != '\0' &&
           (isalnum((unsigned char)c) || strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool word_is(const struct word *w, const char *text)
{
    return w->len == strlen(text) && strncasecmp(w->at, text, w->len) == 0;
}

static void skip_spaces(struct reader *r)
{
    while (r->at < r->end && is_space(*r->at))
        r->at++;
}

/* The next token, wherever it is; everything before it is passed over. */
static bool next_token(struct reader *r, struct word *w)
{
    while (r->at < r->end && !is_token(*r->at))
        r->at++;
    *w = (struct word){.at = r->at};
    while (r->at < r->end && is_token(*r->at))
        r->at++;
    w->len = (size_t)(r->at - w->at);
    return w->len > 0;
}

/* What stands behind '='; false for an unfinished quoted text. */
static bool next_value(struct reader *r, struct word *w)
{
    skip_spaces(r);
    *w = (struct word){.at = r->at};
    if (r->at == r->end || *r->at != '"') {
        while (r->at < r->end && *r->at != ',' && !is_space(*r->at))
            r->at++;
        w->len = (size_t)(r->at - w->at);
        return true;
    }
    w->quoted = true;
    w->at = ++r->at;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at == '\\' && r->at + 1 < r->end)
            r->at++;
        r->at++;
    }
    w->len = (size_t)(r->at - w->at);
    if (r->at == r->end)
        return false;
    r->at++;
    return true;
}

/* Copy without the escapes. False when it does not fit or has control bytes,
 * which could not be sent back in a header. */
static bool word_copy(const struct word *w, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < w->len; i++) {
        if (w->quoted && w->at[i] == '\\' && i + 1 < w->len)
            i++;
        if (iscntrl((unsigned char)w->at[i]) || n + 1 >= size)
            return false;
        out[n++] = w->at[i];
    }
    out[n] = '\0';
    return true;
}

static bool take_realm(struct digest_challenge *c, const struct word *w)
{
    return word_copy(w, c->realm, sizeof c->realm);
}

static bool take_nonce(struct digest_challenge *c, const struct word *w)
{
    return word_copy(w, c->nonce, sizeof c->nonce);
}

static bool take_opaque(struct digest_challenge *c, const struct word *w)
{
    c->has_opaque = true;
    return word_copy(w, c->opaque, sizeof c->opaque);
}

static bool take_stale(struct digest_challenge *c, const struct word *w)
{
    c->stale = word_is(w, "true");
    return true;
}

static bool take_algorithm(struct digest_challenge *c, const struct word *w)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (word_is(w, algorithms[i].name)) {
            c->hash = algorithms[i].hash;
            c->session = algorithms[i].session;
            c->algorithm_quoted = w->quoted;
            return word_copy(w, c->algorithm, sizeof c->algorithm);
        }
    return false;
}

/* A list of choices; we can do "auth" only. An empty list is no qop. */
static bool take_qop(struct digest_challenge *c, const struct word *w)
{
    struct reader r = {w->at, w->at + w->len};
    struct word choice;
    bool any = false;

    c->qop = false;
    while (next_token(&r, &choice)) {
        any = true;
        c->qop = c->qop || word_is(&choice, "auth");
    }
    return c->qop || !any;
}

static const struct {
    const char *name;
    bool (*take)(struct digest_challenge *c, const struct word *w);
} parameters[] = {
    {"realm", take_realm},   {"nonce", take_nonce},
    {"opaque", take_opaque}, {"algorithm", take_algorithm},
    {"qop", take_qop},       {"stale", take_stale},
};

static void offer_parameter(struct offer *o, const struct word *name,
                            const struct word *value)
{
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (word_is(name, parameters[i].name) &&
            !parameters[i].take(&o->challenge, value))
            o->bad = true;
}

/* End of one challenge: keep it if it is better than *best. */
static bool offer_take(const struct offer *o, struct digest_challenge *best)
{
    if (!o->digest || o->bad || !o->challenge.nonce[0])
        return false;
    if (best->nonce[0] && o->challenge.hash <= best->hash)
        return false;
    *best = o->challenge;
    return true;
}

bool digest_challenge_read(struct digest_challenge *best, const char *value,
                           size_t len)
{
    struct reader r = {value, value + len};
    struct offer o = {.digest = false};
    struct word name, text;
    bool taken = false;

    if (len > DIGEST_HEADER_MAX)
        return false;
    while (next_token(&r, &name)) {
        skip_spaces(&r);
        if (r.at < r.end && *r.at == '=') {
            r.at++;
            if (!next_value(&r, &text))
                o.bad = true;
            else if (o.digest)
                offer_parameter(&o, &name, &text);
            continue;
        }
        taken = offer_take(&o, best) || taken;
        o = (struct offer){.digest = word_is(&name, "Digest")};
    }
    return offer_take(&o, best) || taken;
}

/* ---- answering it ---- */

/* The hash's method, fetched once. In FIPS mode MD5 is not found at first;
 * "-fips" asks for it where the administrator left the default provider. */
static const EVP_MD *hash_method(enum digest_hash hash, struct error *err)
{
    static EVP_MD *methods[2];
    const char *name = hash == DIGEST_MD5 ? "MD5" : "SHA256";

    if (methods[hash])
        return methods[hash];
    (void)ERR_set_mark();
    methods[hash] = EVP_MD_fetch(NULL, name, NULL);
    if (!methods[hash])
        methods[hash] = EVP_MD_fetch(NULL, name, "-fips");
    (void)ERR_pop_to_mark();
    if (!methods[hash])
        (void)error_set(
            err,
            "this system's OpenSSL refuses %s (FIPS mode?), which the "
            "printer's login needs; an API key works without it",
            name);
    return methods[hash];
}

static void to_hex(const unsigned char *bytes, size_t len, char *hex)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * len] = '\0';
}

/* hex = H(parts joined with ':'); parts ends with NULL. */
static bool hash_joined(enum digest_hash hash, const char *const parts[],
                        char hex[DIGEST_HEX_MAX + 1], struct error *err)
{
    const EVP_MD *method = hash_method(hash, err);
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *context;
    bool ok;

    if (!method)
        return false;
    context = EVP_MD_CTX_new();
    ok = context && EVP_DigestInit_ex(context, method, NULL);
    for (size_t i = 0; ok && parts[i]; i++)
        ok = (i == 0 || EVP_DigestUpdate(context, ":", 1)) &&
             EVP_DigestUpdate(context, parts[i], strlen(parts[i]));
    ok = ok && EVP_DigestFinal_ex(context, sum, &len) &&
         len <= DIGEST_HEX_MAX / 2;
    EVP_MD_CTX_free(context);
    if (!ok)
        return error_set(err, "OpenSSL could not compute a hash for the login");
    to_hex(sum, len, hex);
    OPENSSL_cleanse(sum, sizeof sum);
    return true;
}

static const char *put(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);

    *at += size;
    return copy;
}

static void take_texts(struct digest *d, const struct digest_challenge *c,
                       const char *cnonce)
{
    char *at;

    d->texts_size = strlen(c->realm) + strlen(c->nonce) + strlen(c->opaque) +
                    strlen(c->algorithm) + strlen(cnonce) + 5;
    d->texts = at = memory_zero(1, d->texts_size);
    d->realm = put(&at, c->realm);
    d->nonce = put(&at, c->nonce);
    d->algorithm = put(&at, c->algorithm);
    d->cnonce = put(&at, cnonce);
    d->opaque = c->has_opaque ? put(&at, c->opaque) : NULL;
}

bool digest_begin(struct digest *d, const struct digest_challenge *challenge,
                  const char *username, const char *secret, const char *cnonce,
                  struct error *err)
{
    const char *login[] = {username, challenge->realm, secret, NULL};
    const char *session[] = {d->ha1, challenge->nonce, cnonce, NULL};

    digest_wipe(d);
    d->username = username;
    d->hash = challenge->hash;
    d->session = challenge->session;
    d->qop = challenge->qop;
    d->algorithm_quoted = challenge->algorithm_quoted;
    take_texts(d, challenge, cnonce);
    if (hash_joined(d->hash, login, d->ha1, err) &&
        (!d->session || hash_joined(d->hash, session, d->ha1, err)))
        return true;
    digest_wipe(d);
    return false;
}

static void add_quoted(struct buffer *out, const char *name, const char *value)
{
    (void)buffer_text_add(out, name);
    (void)buffer_text_add(out, "=");
    (void)buffer_quote_add(out, value);
}

static void add_algorithm(struct buffer *out, const struct digest *d)
{
    if (!d->algorithm[0])
        return;
    (void)buffer_text_add(out, ", ");
    if (d->algorithm_quoted)
        add_quoted(out, "algorithm", d->algorithm);
    else
        (void)buffer_format(out, "algorithm=%s", d->algorithm);
}

/* The order of the parts is libcurl's, which all servers have met. */
static void write_header(const struct digest *d, const char *uri,
                         const char *nc, const char *response,
                         struct buffer *out)
{
    (void)buffer_text_add(out, "Digest ");
    add_quoted(out, "username", d->username);
    (void)buffer_text_add(out, ", ");
    add_quoted(out, "realm", d->realm);
    (void)buffer_text_add(out, ", ");
    add_quoted(out, "nonce", d->nonce);
    (void)buffer_text_add(out, ", ");
    add_quoted(out, "uri", uri);
    if (d->qop || d->session) {
        (void)buffer_text_add(out, ", ");
        add_quoted(out, "cnonce", d->cnonce);
    }
    if (d->qop)
        (void)buffer_format(out, ", nc=%s, qop=auth", nc);
    (void)buffer_format(out, ", response=\"%s\"", response);
    if (d->opaque) {
        (void)buffer_text_add(out, ", ");
        add_quoted(out, "opaque", d->opaque);
    }
    add_algorithm(out, d);
}

bool digest_header(struct digest *d, const char *method, const char *uri,
                   struct buffer *out, struct error *err)
{
    char nc[9], ha2[DIGEST_HEX_MAX + 1], response[DIGEST_HEX_MAX + 1];
    const char *request[] = {method, uri, NULL};
    const char *plain[] = {d->ha1, d->nonce, ha2, NULL};
    const char *counted[] = {d->ha1, d->nonce, nc,  d->cnonce,
                             "auth", ha2,      NULL};

    (void)snprintf(nc, sizeof nc, "%08x", (unsigned)++d->uses);
    if (!hash_joined(d->hash, request, ha2, err) ||
        !hash_joined(d->hash, d->qop ? counted : plain, response, err))
        return false;
    write_header(d, uri, nc, response, out);
    return !out->full || error_set(err, "the login header grew too long");
}

void digest_wipe(struct digest *d)
{
    if (d->texts)
        OPENSSL_cleanse(d->texts, d->texts_size);
    free(d->texts);
    OPENSSL_cleanse(d, sizeof *d);
}
