/* Digest: published vectors, the firmware's own vectors, and challenges from
 * servers that mean harm. The sums without a source were computed with
 * Python's hashlib. */
#include "bridge/digest.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <openssl/evp.h>

#define PI_NONCE                                                               \
    "4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d4b2d"

static struct digest_challenge read_one(const char *value)
{
    struct digest_challenge c = {.nonce = ""};

    (void)digest_challenge_read(&c, value, strlen(value));
    return c;
}

/* ---- vectors ---- */

struct vector {
    const char *name;
    const char *challenge;
    const char *username;
    const char *secret;
    const char *method;
    const char *uri;
    const char *cnonce;
    const char *header;
};

static const struct vector vectors[] = {
    {"RFC 2617 section 3.5",
     "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
     "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
     "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b",
     "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
     "cnonce=\"0a4f113b\", nc=00000001, qop=auth, "
     "response=\"6629fae49393a05397450978507c4ef1\", "
     "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""},
    {"RFC 7616 section 3.9.1, MD5",
     "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
     "algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
     "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
     "Mufasa", "Circle of Life", "GET", "/dir/index.html",
     "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
     "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
     "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
     "uri=\"/dir/index.html\", "
     "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", nc=00000001, "
     "qop=auth, response=\"8ca523f5e9506fed4657c9700eebdbec\", "
     "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
     "algorithm=MD5"},
    {"RFC 7616 section 3.9.1, SHA-256",
     "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
     "algorithm=SHA-256, "
     "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
     "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
     "Mufasa", "Circle of Life", "GET", "/dir/index.html",
     "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
     "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
     "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
     "uri=\"/dir/index.html\", "
     "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", nc=00000001, "
     "qop=auth, response=\""
     "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
     "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
     "algorithm=SHA-256"},
    {"Buddy firmware, server_tests.cpp",
     "Digest realm=\"Printer API\", nonce=\"aaaaaaaa00000000\", stale=false",
     "maker", "password", "GET", "/secret.html", "unused",
     "Digest username=\"maker\", realm=\"Printer API\", "
     "nonce=\"aaaaaaaa00000000\", uri=\"/secret.html\", "
     "response=\"0cbf0ac5ca4c879c35a3b91430214a47\""},
    {"Buddy firmware, server_tests.cpp, second nonce",
     "Digest realm=\"Printer API\", nonce=\"dcd98b7102dd2f0e\", stale=true",
     "maker", "password", "GET", "/secret.html", "unused",
     "Digest username=\"maker\", realm=\"Printer API\", "
     "nonce=\"dcd98b7102dd2f0e\", uri=\"/secret.html\", "
     "response=\"285b9c363d25d31c5867bca2bd4121af\""},
    {"PrusaLink on a Pi",
     "Digest realm=\"Administrator\",qop=\"auth\",algorithm=\"MD5-sess\","
     "nonce=\"" PI_NONCE "\",opaque=\"e0\"",
     "jan", "s3cret pass", "GET", "/api/v1/status", "0123456789abcdef",
     "Digest username=\"jan\", realm=\"Administrator\", "
     "nonce=\"" PI_NONCE "\", uri=\"/api/v1/status\", "
     "cnonce=\"0123456789abcdef\", nc=00000001, qop=auth, "
     "response=\"18559ba7b49c8a5b4359ed268f1ca464\", opaque=\"e0\", "
     "algorithm=\"MD5-sess\""},
    {"SHA-256-sess",
     "Digest realm=Administrator, qop=auth, algorithm=sha-256-SESS, "
     "nonce=" PI_NONCE,
     "jan", "s3cret pass", "PUT", "/api/v1/job/7/pause", "0123456789abcdef",
     "Digest username=\"jan\", realm=\"Administrator\", "
     "nonce=\"" PI_NONCE "\", uri=\"/api/v1/job/7/pause\", "
     "cnonce=\"0123456789abcdef\", nc=00000001, qop=auth, response=\""
     "fcffa70a290f3e5503108b0b20cfa9b0421f9f111757f589c9a069ea9afc4330\", "
     "algorithm=sha-256-SESS"},
    {"quotes, backslashes and UTF-8",
     "Digest realm=\"Caf\xc3\xa9\", nonce=\"n\"", "ma\"k\\er", "p\xc3\xa4:ss",
     "GET", "/a?b=%20c", "unused",
     "Digest username=\"ma\\\"k\\\\er\", realm=\"Caf\xc3\xa9\", nonce=\"n\", "
     "uri=\"/a?b=%20c\", response=\"0ac425854dff8e1c69ff1d152a9d7353\""},
};

static void headers_match_the_published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        struct digest_challenge c = read_one(v->challenge);
        struct buffer header = {0};
        struct digest d = {0};

        print_message("  %s\n", v->name);
        assert_true(
            digest_begin(&d, &c, v->username, v->secret, v->cnonce, NULL));
        assert_true(digest_header(&d, v->method, v->uri, &header, NULL));
        assert_string_equal(buffer_text(&header), v->header);
        buffer_release(&header);
        digest_wipe(&d);
    }
}

static void each_request_counts_the_nonce_up(void **state)
{
    struct digest_challenge c = read_one(vectors[5].challenge);
    struct buffer header = {0};
    struct digest d = {0};

    (void)state;
    assert_true(
        digest_begin(&d, &c, "jan", "s3cret pass", "0123456789abcdef", NULL));
    assert_true(digest_header(&d, "GET", "/api/v1/status", &header, NULL));
    buffer_reset(&header);
    assert_true(digest_header(&d, "GET", "/api/v1/status", &header, NULL));
    assert_non_null(strstr(buffer_text(&header), "nc=00000002"));
    assert_non_null(strstr(buffer_text(&header),
                           "response=\"683b127d767b8ea4155c333443916913\""));
    buffer_release(&header);
    digest_wipe(&d);
}

static void wiping_leaves_nothing_to_log_in_with(void **state)
{
    static const struct digest nothing;
    struct digest_challenge c = read_one(vectors[3].challenge);
    struct digest d = {0};

    (void)state;
    assert_true(digest_begin(&d, &c, "maker", "password", "", NULL));
    assert_string_not_equal(d.ha1, "");
    digest_wipe(&d);
    assert_memory_equal(&d, &nothing, sizeof d);
}

/* With FIPS asked for by default and the default provider still there, MD5 is
 * only found when asked for by name. */
static void md5_is_found_when_fips_is_the_default(void **state)
{
    struct digest_challenge c = read_one(vectors[3].challenge);
    struct digest d = {0};

    (void)state;
    assert_true(EVP_set_default_properties(NULL, "fips=yes"));
    assert_true(digest_begin(&d, &c, "maker", "password", "", NULL));
    assert_true(EVP_set_default_properties(NULL, ""));
    digest_wipe(&d);
}

static void a_next_challenge_takes_the_place_of_the_first(void **state)
{
    struct digest_challenge first = read_one(vectors[3].challenge);
    struct digest_challenge next = read_one(vectors[0].challenge);
    struct buffer header = {0};
    struct digest d = {0};

    (void)state;
    assert_true(digest_begin(&d, &first, "maker", "password", "", NULL));
    assert_true(digest_header(&d, "GET", "/", &header, NULL));
    assert_true(digest_begin(&d, &next, vectors[0].username, vectors[0].secret,
                             vectors[0].cnonce, NULL));
    memset(&next, 'x', sizeof next);
    buffer_reset(&header);
    assert_true(
        digest_header(&d, vectors[0].method, vectors[0].uri, &header, NULL));
    assert_string_equal(buffer_text(&header), vectors[0].header);
    buffer_release(&header);
    digest_wipe(&d);
}

/* ---- challenges ---- */

/* What is left of a challenge: its nonce, or "" when it is not usable. */
static const struct {
    const char *value;
    const char *nonce;
} challenges[] = {
    {"Digest realm=\"a\", nonce=\"1\"", "1"},
    {"dIGEST NONCE=1", "1"},
    {"Digest nonce = \"1\" , realm = \"a\"", "1"},
    {"Digest ,, nonce=\"1\",,", "1"},
    {"Digest realm=\"a, nonce=\\\"2\\\"\", nonce=\"1\"", "1"},
    {"Digest realm=\"a\", nonce=\"a\\\"b\"", "a\"b"},
    {"Digest nonce=1, qop=\"\"", "1"},
    {"Digest nonce=1, qop=\"auth-int,AUTH\"", "1"},
    /* several in one header, around and before ours */
    {"Basic realm=\"x\", Digest realm=\"a\", nonce=\"1\"", "1"},
    {"Negotiate, Digest nonce=\"1\"", "1"},
    {"NTLM TlRMTVNTUAACAAAA==, Digest nonce=\"1\"", "1"},
    {"Digest nonce=\"1\", Basic realm=\"Digest nonce=2\"", "1"},
    {"Digest nonce=1, algorithm=XYZ, Digest nonce=2, algorithm=MD5", "2"},
    /* the stronger one wins, then the first */
    {"Digest nonce=1, Digest nonce=2, algorithm=SHA-256", "2"},
    {"Digest nonce=1, algorithm=SHA-256, Digest nonce=2", "1"},
    {"Digest nonce=1, Digest nonce=2", "1"},
    /* not for us */
    {"", ""},
    {"Digest", ""},
    {"Digest realm=\"a\"", ""},
    {"Digest nonce=\"\"", ""},
    {"Digest nonce=", ""},
    {"Digest nonce=\"1", ""},
    {"Digest nonce=\"1\\", ""},
    {"ApiKey realm=\"Printer API\"", ""},
    {"ApiKey realm=\"Printer API\", nonce=\"1\"", ""},
    {"Digest nonce=1, algorithm=SHA-512-256", ""},
    {"Digest nonce=1, algorithm=\"\"", ""},
    {"Digest nonce=1, qop=auth-int", ""},
    {"Digest nonce=\"a\rX: b\"", ""},
    {"Digest nonce=1, realm=\"a\x01\"", ""},
    {"Digest nonce=1, opaque=\"a\tb\"", ""},
    {"=", ""},
    {"=\"", ""},
    {"\"Digest nonce=1\"", "1\""},
};

static void only_usable_challenges_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof challenges / sizeof *challenges; i++) {
        struct digest_challenge c = read_one(challenges[i].value);

        print_message("  %s\n", challenges[i].value);
        assert_string_equal(c.nonce, challenges[i].nonce);
    }
}

static void several_headers_are_weighed_together(void **state)
{
    static const char *const headers[] = {
        "Basic realm=\"a\"", "Digest nonce=1, stale=TRUE",
        "Digest nonce=2, algorithm=SHA-256", "Digest nonce=3"};
    struct digest_challenge c = {.nonce = ""};
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        taken += digest_challenge_read(&c, headers[i], strlen(headers[i]));
    assert_int_equal(taken, 2);
    assert_string_equal(c.nonce, "2");
    assert_false(c.stale);
}

static void the_header_may_hold_nul_bytes(void **state)
{
    static const char value[] = "Digest\0nonce=\"1\0\", nonce=1";
    struct digest_challenge c = {.nonce = ""};

    (void)state;
    assert_false(digest_challenge_read(&c, value, sizeof value - 1));
    assert_string_equal(c.nonce, "");
}

/* A text of n bytes between before and after; the caller frees. */
static char *padded(const char *before, size_t n, const char *after)
{
    char *text = NULL;

    assert_true(asprintf(&text, "%s%0*d%s", before, (int)n, 0, after) > 0);
    return text;
}

static void long_texts_are_refused_whole(void **state)
{
    static const struct {
        const char *before;
        size_t n;
        const char *after;
        bool taken;
    } cases[] = {
        {"Digest nonce=\"", DIGEST_TEXT_MAX, "\"", true},
        {"Digest nonce=\"", DIGEST_TEXT_MAX + 1, "\"", false},
        {"Digest nonce=1, realm=\"", DIGEST_TEXT_MAX + 1, "\"", false},
        {"Digest nonce=1, opaque=", DIGEST_TEXT_MAX + 1, "", false},
        {"Digest nonce=1, algorithm=", 300, "", false},
        {"Digest nonce=1, domain=\"", 5000, "\"", true},
        {"Digest nonce=1, domain=\"", 100000, "\"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *value = padded(cases[i].before, cases[i].n, cases[i].after);
        struct digest_challenge c = read_one(value);

        assert_int_equal(c.nonce[0] != '\0', cases[i].taken);
        free(value);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        /* first: the method is fetched once per program */
        cmocka_unit_test(md5_is_found_when_fips_is_the_default),
        cmocka_unit_test(a_next_challenge_takes_the_place_of_the_first),
        cmocka_unit_test(headers_match_the_published_vectors),
        cmocka_unit_test(each_request_counts_the_nonce_up),
        cmocka_unit_test(wiping_leaves_nothing_to_log_in_with),
        cmocka_unit_test(only_usable_challenges_are_taken),
        cmocka_unit_test(several_headers_are_weighed_together),
        cmocka_unit_test(the_header_may_hold_nul_bytes),
        cmocka_unit_test(long_texts_are_refused_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
