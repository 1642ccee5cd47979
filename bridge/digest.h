/* HTTP Digest access authentication: read a WWW-Authenticate header, write an
 * Authorization header. Pure: no I/O, no clock, no random numbers of its own.
 *
 * Our own instead of libcurl's, because one nonce then serves all requests and
 * handles of a printer, and because libcurl's empty probe can run an order
 * twice. Knows RFC 2069 (no qop: what Buddy firmware speaks), RFC 2617 and
 * RFC 7616 with qop=auth; MD5, SHA-256 and their -sess forms. */
#ifndef BRIDGE_DIGEST_H
#define BRIDGE_DIGEST_H

#include "mapping/buffer.h"
#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest realm, nonce or opaque, and longest header value that are taken;
 * deployed servers stay below 100 and 300. */
#define DIGEST_TEXT_MAX   255
#define DIGEST_HEADER_MAX 8192
/* Hexadecimal digits of the longest hash, SHA-256. */
#define DIGEST_HEX_MAX 64

enum digest_hash {
    DIGEST_MD5,
    DIGEST_SHA256,
};

/* What a server asks for. {0} (an empty nonce) means nothing usable. */
struct digest_challenge {
    char realm[DIGEST_TEXT_MAX + 1];
    char nonce[DIGEST_TEXT_MAX + 1];
    char opaque[DIGEST_TEXT_MAX + 1];
    /* As it was spelled; "" when not given, and then it must not be sent: Buddy
     * before 6.0.0 answers 401 to an unquoted parameter. */
    char algorithm[16];
    bool algorithm_quoted;
    enum digest_hash hash;
    bool session; /* MD5-sess, SHA-256-sess */
    bool qop;     /* qop=auth is offered */
    bool has_opaque;
    bool stale; /* the password was right, the nonce too old */
};

/* Read one WWW-Authenticate value of len hostile bytes, which may hold several
 * challenges. The best Digest challenge of it replaces *best when best is empty
 * or has a weaker hash; true if so. Call it once for each such header.
 * Anything odd (unknown algorithm, no nonce, only auth-int, text over the
 * limits, control bytes) is as if it were not there. */
bool digest_challenge_read(struct digest_challenge *best, const char *value,
                           size_t len);

/* One nonce in use. {0} = none. */
struct digest {
    const char *username; /* borrowed */
    /* Own, one behind the other in a single piece of memory; see struct
     * digest_challenge. */
    const char *realm, *nonce, *algorithm, *cnonce;
    const char *opaque; /* NULL: none was given */
    char *texts;
    size_t texts_size;
    enum digest_hash hash;
    bool algorithm_quoted, session, qop;
    char ha1[DIGEST_HEX_MAX + 1]; /* as good as the password */
    uint32_t uses;                /* requests made with this nonce: nc */
};

/* Take up a challenge instead of what is in d. cnonce: our own random text,
 * hexadecimal, used for all requests with this nonce (so -sess needs one HA1
 * only). username must outlive d, all else is copied; digest_wipe() frees it.
 * False when libcrypto refuses the hash (MD5 in FIPS mode); d is then {0}.
 * Not safe in several threads at once. */
bool digest_begin(struct digest *d, const struct digest_challenge *challenge,
                  const char *username, const char *secret, const char *cnonce,
                  struct error *err);

/* Append the value of an Authorization header ("Digest username=...") for the
 * next request with this nonce. uri: the request target, byte by byte as it
 * goes over the wire. */
bool digest_header(struct digest *d, const char *method, const char *uri,
                   struct buffer *out, struct error *err);

/* Overwrite what could be used to log in; d is {0} then. */
void digest_wipe(struct digest *d);

#endif
