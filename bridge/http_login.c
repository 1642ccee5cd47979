/* Which credentials a request carries, and what a refusal teaches. */
#include "bridge/http_internal.h"
#include "mapping/memory.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

static bool has_control_bytes(const char *text)
{
    for (; text && *text; text++)
        if (iscntrl((unsigned char)*text))
            return true;
    return false;
}

struct http_login *http_login_new(const struct http_target *target,
                                  struct error *err)
{
    struct http_login *login;

    if (has_control_bytes(target->username)) {
        (void)error_set(err, "the user name has a line break or another "
                             "control character in it");
        return NULL;
    }
    if (has_control_bytes(target->secret)) {
        (void)error_set(err, "the password or key has a line break or another "
                             "control character in it (from a file? then "
                             "only its first line must be used)");
        return NULL;
    }
    login = memory_zero(1, sizeof *login);
    login->users = 1;
    login->auth = target->auth;
    login->username =
        memory_text(target->username ? target->username : "maker");
    if (target->secret && target->secret[0])
        login->secret = memory_text(target->secret);
    return login;
}

struct http_login *http_login_share(struct http_login *login)
{
    login->users++;
    return login;
}

static void forget_kept(struct http_login *login)
{
    if (login->kept.bytes)
        OPENSSL_cleanse(login->kept.bytes, login->kept.capacity);
    buffer_reset(&login->kept);
    buffer_reset(&login->kept_for);
}

void http_login_leave(struct http_login *login)
{
    if (!login || --login->users > 0)
        return;
    forget_kept(login);
    buffer_release(&login->kept);
    buffer_release(&login->kept_for);
    if (login->secret)
        OPENSSL_cleanse(login->secret, strlen(login->secret));
    digest_wipe(&login->digest);
    free(login->secret);
    free(login->username);
    free(login);
}

static bool may_digest(const struct http_login *login)
{
    return login->secret &&
           (login->auth == HTTP_AUTH_AUTO || login->auth == HTTP_AUTH_DIGEST);
}

static enum login_kind kind_now(const struct http_login *login)
{
    if (!login->secret)
        return LOGIN_NONE;
    switch (login->auth) {
    case HTTP_AUTH_TOKEN: return LOGIN_TOKEN;
    case HTTP_AUTH_API_KEY: return LOGIN_KEY;
    case HTTP_AUTH_DIGEST: break;
    case HTTP_AUTH_AUTO:
        if (login->use_key)
            return LOGIN_KEY;
        break;
    }
    return login->ready ? LOGIN_DIGEST : LOGIN_NONE;
}

/* kept_for is "METHOD URI". */
static bool is_kept(const struct http_login *login, const char *method,
                    const char *uri)
{
    const char *kept = buffer_text(&login->kept_for);
    size_t len = strlen(method);

    return login->kept.len && strncmp(kept, method, len) == 0 &&
           kept[len] == ' ' && strcmp(kept + len + 1, uri) == 0;
}

/* A server that called a nonce stale at some age is believed with a margin. */
bool http_login_old(const struct http_login *login, int64_t max_age_ms)
{
    int64_t margin_ms = login->life_ms / 4;

    if (!may_digest(login) || kind_now(login) == LOGIN_KEY)
        return false;
    if (!login->ready)
        return true;
    if (login->life_ms && login->life_ms - margin_ms < max_age_ms)
        max_age_ms = login->life_ms - margin_ms;
    return http_now_ms() - login->taken_ms > max_age_ms;
}

static bool add_digest(struct http_login *login, const char *method,
                       const char *uri, struct buffer *line)
{
    if (is_kept(login, method, uri))
        return buffer_add(line, login->kept.bytes, login->kept.len);
    if (!buffer_text_add(line, "Authorization: ") ||
        !digest_header(&login->digest, method, uri, line, NULL))
        return false;
    if (login->digest.qop)
        return true;
    forget_kept(login);
    return buffer_format(&login->kept_for, "%s %s", method, uri) &&
           buffer_add(&login->kept, line->bytes, line->len);
}

enum login_kind http_login_line(struct http_login *login, const char *method,
                                const char *uri, struct buffer *line)
{
    enum login_kind kind = kind_now(login);
    bool ok = true;

    buffer_reset(line);
    switch (kind) {
    case LOGIN_NONE: break;
    case LOGIN_KEY:
        ok = buffer_format(line, "X-Api-Key: %s", login->secret);
        break;
    case LOGIN_TOKEN:
        ok = buffer_format(line, "Authorization: Token %s", login->secret);
        break;
    case LOGIN_DIGEST: ok = add_digest(login, method, uri, line); break;
    }
    if (ok)
        return kind;
    buffer_reset(line);
    return LOGIN_NONE;
}

static bool take_up(struct http_login *login,
                    const struct digest_challenge *offered, struct error *err)
{
    unsigned char bytes[16];
    char cnonce[2 * sizeof bytes + 1];

    login->ready = false;
    forget_kept(login);
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return error_set(err, "OpenSSL has no random numbers for the login");
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(cnonce + 2 * i, 3, "%02x", bytes[i]);
    login->ready = digest_begin(&login->digest, offered, login->username,
                                login->secret, cnonce, err);
    login->nonce++;
    login->taken_ms = http_now_ms();
    return login->ready;
}

static void learn_life(struct http_login *login)
{
    int64_t age_ms = http_now_ms() - login->taken_ms;

    if (!login->life_ms || age_ms < login->life_ms)
        login->life_ms = age_ms > 1 ? age_ms : 1;
}

/* A 401 with a challenge. The nonce we used, offered again without "stale",
 * says that the password is wrong: the Pi's nonce is the same for a minute. */
static bool learn_challenge(struct http_login *login, struct login_tries *tries,
                            enum login_kind used,
                            const struct digest_challenge *offered,
                            struct error *err)
{
    bool current =
        used == LOGIN_DIGEST && login->ready && tries->nonce == login->nonce;
    bool known = current && !offered->stale &&
                 !strcmp(login->digest.nonce, offered->nonce);
    bool first = !tries->challenge;

    login->use_key = false;
    if (current && offered->stale)
        learn_life(login);
    if (known || !take_up(login, offered, err))
        return false;
    tries->challenge = true;
    return first;
}

/* A refusal without a challenge: MINI 4.4 knows the key only and says nothing,
 * newer Buddy says "ApiKey" to a wrong key, the Pi answers 403 to one. A key
 * that is refused is forgotten, so that the next request starts over. */
static bool learn_key(struct http_login *login, struct login_tries *tries,
                      enum login_kind used, int status)
{
    bool first = !tries->key;

    if (login->auth != HTTP_AUTH_AUTO || !login->secret)
        return false;
    if (used == LOGIN_KEY) {
        login->use_key = false;
        return false;
    }
    if (status != 401)
        return false;
    login->use_key = true;
    tries->key = true;
    return first;
}

bool http_login_learn(struct http_login *login, struct login_tries *tries,
                      enum login_kind used, int status,
                      const struct digest_challenge *offered, struct error *err)
{
    if (status == 401 && offered && may_digest(login))
        return learn_challenge(login, tries, used, offered, err);
    if (status == 401)
        login->ready = false;
    return learn_key(login, tries, used, status);
}
