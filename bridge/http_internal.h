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
/* libcurl's buffer for what it reads: as much as malloc's cache of the thread
 * takes back, for it comes and goes with each request. */
#define HTTP_BUFFER_BYTES 1024L

/* ---- http_loop.c: libcurl on the uv loop ---- */

struct http_shard;
struct http_client;
struct http_flight;

/* The shard a new client belongs to, and the way out. */
struct http_shard *http_shard_join(struct http *http);
void http_shard_leave(struct http_shard *shard);
/* Start or break off a transfer. Never calls a client back. */
void http_shard_start(struct http_shard *shard, CURL *easy);
void http_shard_stop(struct http_shard *shard, CURL *easy);
int64_t http_now_ms(void);
struct uv_loop_s *http_shard_loop(const struct http_shard *shard);
/* What is still to be read when libcurl closes fd goes into rest, until the
 * socket is another one or http_shard_leave_alone(). */
void http_shard_listen(struct http_shard *shard, curl_socket_t fd,
                       struct buffer *rest);
void http_shard_leave_alone(struct http_shard *shard, curl_socket_t fd,
                            const struct buffer *rest);
struct http *http_shard_owner(const struct http_shard *shard);
/* A new socket, before libcurl uses it. */
void http_shard_opened(struct http_shard *shard, curl_socket_t fd);
/* CURLOPT_CLOSESOCKETFUNCTION; http: the owner. */
int http_close_socket(void *http, curl_socket_t fd);
/* A flight that nobody uses and that trusts whom the client trusts; NULL. */
struct http_flight *http_spare(struct http *http,
                               const struct http_client *client);
/* Takes it over, or frees one when there are enough. */
void http_keep(struct http *http, struct http_flight *flight);

/* ---- http_login.c: which credentials a request carries ---- */

enum login_kind {
    LOGIN_NONE,
    LOGIN_DIGEST,
    LOGIN_KEY,
    LOGIN_TOKEN,
};

/* What is known about logging in at one server; its clients share it. */
struct http_login {
    unsigned users;
    enum http_auth auth;
    char *username;
    char *secret; /* NULL: send no credentials */
    bool use_key; /* HTTP_AUTH_AUTO: the server wants X-Api-Key */
    bool ready;   /* digest is set up */
    struct digest digest;
    unsigned nonce;   /* which one: counts them */
    int64_t taken_ms; /* when it came */
    int64_t life_ms;  /* the lowest age called stale so far; 0 = none was */
    /* Without a counter (qop) the line of a request is the same as long as the
     * nonce: the last one, and what it was for ("GET /api/v1/status"). */
    struct buffer kept, kept_for;
};

/* What one http_send() has tried so far: each way is gone once. */
struct login_tries {
    bool challenge; /* sent again for a challenge */
    bool key;       /* sent again with the key instead */
    unsigned nonce; /* the one it was sent with */
};

/* NULL and a sentence when the target's texts cannot be used. */
struct http_login *http_login_new(const struct http_target *target,
                                  struct error *err);
struct http_login *http_login_share(struct http_login *login);
/* The last user frees it. Accepts NULL. */
void http_login_leave(struct http_login *login);
/* Does a request need a login that is older than this, or not there yet? */
bool http_login_old(const struct http_login *login, int64_t max_age_ms);
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

/* User-Agent, Accept, login, Expect, Content-Type, condition, and the request's
 * own. */
#define LINES_MAX (6 + REQUEST_HEADERS_MAX)

struct streaming;

struct http_client {
    struct http_shard *shard;
    CURLU *url; /* scheme, host, port; path "/": parsed once */
    char *host;
    char *prefix; /* of the path; does not end with '/' */
    char *ca_file;
    bool insecure;
    bool closing;
    int64_t timeout_ms;
    struct http_login *login;
    struct http_flight *flight; /* the request under way; NULL: none */
};

/* A request under way: libcurl's handle for it and all room it needs. That is
 * 8 kB, and few of a thousand printers are asked at the same moment: it belongs
 * to a client from http_send() until the answer, then to the next one. */
struct http_flight {
    struct http_flight *next; /* among those that nobody uses */

    /* What stays set in easy. */
    CURL *easy;
    bool plain;        /* a GET without a body */
    curl_off_t most;   /* body bytes; 0 = no limit */
    bool buffer_other; /* libcurl's buffer may have another size */
    struct buffer uri; /* the target with the prefix */
    char *ca_file;
    bool insecure;
    struct curl_slist lines[LINES_MAX];

    /* The request. */
    struct http_client *client;
    curl_socket_t fd; /* that it was last seen to use */
    http_done *done;
    void *arg;
    enum http_method method;
    bool once;
    bool refused; /* a target or body that must not go over the wire */
    bool anew;    /* go without credentials, to be given a new nonce */
    enum login_kind used;
    struct login_tries tries;
    int64_t started_ms;
    int64_t limit_ms; /* for all of it, from started_ms */
    size_t body_len;
    char *body;                  /* NULL: none, or a stream's */
    struct streaming *streaming; /* a long body or answer; NULL */
    struct buffer login_line;
    struct buffer texts; /* the other lines, each with its NUL */

    /* What became of it. */
    bool issued;         /* handed to a connection at least once */
    bool repeat_stopped; /* once: libcurl was about to write it again */
    bool headers_too_big;
    int socket_errno; /* why no socket could be made; 0 */
    size_t header_bytes;
    struct buffer answer;
    struct digest_challenge *offered; /* NULL: none */
    struct http_headers headers;
    char trouble[CURL_ERROR_SIZE]; /* libcurl's words */
};

/* Only bytes that may stand in a request line; all else must come
 * percent-encoded, or a printer's answer could write our header lines. */
bool http_target_ok(const char *target);
/* Called by the loop when the transfer ended and is out of the shard. */
void http_flight_ended(struct http_flight *flight, CURLcode code);

/* ---- http_head.c: header lines ---- */

/* Write down the lines of a request. bodied: its method says that there may be
 * a body; body: there is one. */
void http_head_take(struct http_flight *flight, const struct request *request,
                    bool bodied, bool body);
/* Put them where libcurl looks, with the login line as it is now. */
void http_head_set(struct http_flight *flight);

/* ---- http_easy.c ---- */

/* One for the client, set up to go where it says. */
struct http_flight *http_flight_take(struct http_client *client);
/* The other way. Its transfer must have ended. */
void http_flight_leave(struct http_flight *flight);
void http_flight_free(struct http_flight *flight);

/* Take one header line of an answer. */
void http_take_header(struct http_flight *flight, const char *line, size_t len);
void http_forget_headers(struct http_flight *flight);
/* Make it one without an address, which libcurl ends by itself, later. */
void http_flight_refuse(struct http_flight *flight);
/* Half-set options could send secrets through a proxy: abort unless bad is 0.
 * libcurl refuses one only for want of memory or a feature. */
void http_must_be_set(unsigned bad);

/* ---- http_stream.c: long bodies and long answers ---- */

/* Make a request a stream, and set its method. */
void http_streaming_begin(struct http_flight *flight,
                          const struct http_stream *stream, size_t answer_max);
/* Go back to small requests. No effect if it is none. */
void http_streaming_end(struct http_flight *flight);
/* Did libcurl take some of the request's body from its file? */
bool http_streaming_begun(const struct http_flight *flight);
/* Did libcurl take all of the request's body? Its own counter forgets when a
 * connection dies. */
bool http_streaming_sent_all(const struct http_flight *flight);
/* A piece of the answer's body; what a write function of libcurl returns. */
size_t http_streaming_take(struct http_flight *flight, const char *bytes,
                           size_t len);
/* libcurl talks through this socket. */
void http_streaming_on(struct http_flight *flight, curl_socket_t fd);
/* Was the transfer ended from our side? Then the answer is filled. */
bool http_streaming_explain(const struct http_flight *flight, CURLcode code,
                            struct http_answer *answer);
/* The connection broke under a body that is being sent: has the server said
 * why? Then what it said is in the flight, and the status is returned; else
 * 0. */
int http_streaming_last_words(struct http_flight *flight);

/* ---- http_reason.c ---- */

/* Fill result and reason. */
void http_reason(struct http_answer *answer, enum http_result result,
                 const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "5 s" or "1500 ms"; returns out. */
const char *http_span(int64_t ms, char out[32]);

/* Fill result, status and reason for a transfer that ended with code. */
void http_explain(struct http_flight *flight, CURLcode code,
                  struct http_answer *answer);

#endif
