/* What the files of the HTTP edge share; nobody else includes this. */
#ifndef BRIDGE_HTTP_INTERNAL_H
#define BRIDGE_HTTP_INTERNAL_H

#include "bridge/digest.h"
#include "bridge/http.h"
#include "mapping/buffer.h"

#include <curl/curl.h>

/* Time for a connection, name resolution included. */
#define HTTP_CONNECT_MS 3000
/* Most header bytes of one answer, interim answers and trailers included. */
#define HTTP_HEADERS_MAX 65536

/* ---- http_loop.c: libcurl on the uv loop ---- */

struct http_shard;

/* The shard a new client belongs to, and the way out. */
struct http_shard *http_shard_join(struct http *http);
void http_shard_leave(struct http_shard *shard);
/* Start or break off a transfer. Never calls a client back. */
void http_shard_start(struct http_shard *shard, CURL *easy);
void http_shard_stop(struct http_shard *shard, CURL *easy);
int64_t http_now_ms(void);
struct http *http_shard_owner(const struct http_shard *shard);
/* A new socket, before libcurl uses it. */
void http_shard_opened(struct http_shard *shard, curl_socket_t fd);
/* CURLOPT_CLOSESOCKETFUNCTION; http: the owner. */
int http_close_socket(void *http, curl_socket_t fd);

/* ---- http_login.c: which credentials a request carries ---- */

enum login_kind {
    LOGIN_NONE,
    LOGIN_DIGEST,
    LOGIN_KEY,
    LOGIN_TOKEN,
};

/* What is known about logging in at one server. In a struct of its own, so that
 * a second handle of the same printer can share the nonce. */
struct http_login {
    enum http_auth auth;
    char *username;
    char *secret; /* NULL: send no credentials */
    bool use_key; /* HTTP_AUTH_AUTO: the server wants X-Api-Key */
    bool ready;   /* digest is set up */
    struct digest digest;
    /* Without a counter (qop) the line of a request is the same as long as the
     * nonce: the last one, and what it was for ("GET /api/v1/status"). */
    struct buffer kept, kept_for;
};

/* What one http_send() has tried so far: each way is gone once. */
struct login_tries {
    bool challenge; /* sent again for a challenge */
    bool key;       /* sent again with the key instead */
};

bool http_login_init(struct http_login *login, const struct http_target *target,
                     struct error *err);
void http_login_release(struct http_login *login);
/* Write the credentials' header line for a request; empty for LOGIN_NONE. */
enum login_kind http_login_line(struct http_login *login, const char *method,
                                const char *uri, struct buffer *line);
/* Learn from a 401 or 403 to a request that carried used. offered: the Digest
 * challenge that came with it, or NULL. True when sending the request once
 * more may help. err is filled when the server's login is beyond us. */
bool http_login_learn(struct http_login *login, struct login_tries *tries,
                      enum login_kind used, int status,
                      const struct digest_challenge *offered,
                      struct error *err);

/* ---- http.c: a client and its request ---- */

enum http_line {
    LINE_AGENT,
    LINE_ACCEPT,
    LINE_LOGIN,
    LINE_EXPECT,
    LINE_TYPE,
    LINE_COUNT
};

struct http_client {
    struct http_shard *shard;
    CURL *easy;       /* made by the first request */
    curl_socket_t fd; /* that it was last seen to use */
    CURLU *url;       /* scheme, host, port; path "/": parsed once */
    char *host;
    char *prefix; /* of the path; does not end with '/' */
    char *ca_file;
    bool insecure;
    bool closing;
    int64_t timeout_ms;
    struct http_login login;

    /* The request in flight. */
    http_done *done; /* NULL: none */
    void *arg;
    enum http_method method;
    bool once;
    bool refused; /* a target that must not go over the wire */
    enum login_kind used;
    struct login_tries tries;
    int64_t started_ms;
    int64_t limit_ms;  /* for all of it, from started_ms */
    struct buffer uri; /* the target with the prefix; stays set in easy */
    size_t body_len;
    char body[REQUEST_BODY_MAX + 1];
    struct curl_slist lines[LINE_COUNT], *last_line;
    struct buffer login_line;
    struct buffer type_line;

    /* What became of it. */
    bool issued;         /* handed to a connection at least once */
    bool repeat_stopped; /* once: libcurl was about to write it again */
    bool headers_too_big;
    int socket_errno; /* why no socket could be made; 0 */
    size_t header_bytes;
    struct buffer answer;
    struct digest_challenge *offered; /* NULL: none */
    char retry_after[32];
    char trouble[CURL_ERROR_SIZE]; /* libcurl's words */
};

/* Only bytes that may stand in a request line; all else must come
 * percent-encoded, or a printer's answer could write our header lines. */
bool http_target_ok(const char *target);
/* Called by the loop when the transfer ended and is out of the shard. */
void http_client_ended(struct http_client *client, CURLcode code);

/* ---- http_easy.c ---- */

void http_easy_open(struct http_client *client);
/* Not 0 if libcurl refuses. NULL: a transfer without an address. */
unsigned http_easy_set_url(struct http_client *client, CURLU *url);
/* Half-set options could send secrets through a proxy: abort unless bad is 0.
 * libcurl refuses one only for want of memory or a feature. */
void http_must_be_set(unsigned bad);
void http_forget_headers(struct http_client *client);

/* ---- http_reason.c ---- */

/* Fill result, status and reason for a transfer that ended with code. */
void http_explain(const struct http_client *client, CURLcode code,
                  struct http_answer *answer);

#endif
