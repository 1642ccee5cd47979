#include "bridge/cli/cli.h"

/* Debian's libcurl speaks TLS with OpenSSL but draws in GnuTLS for protocols
 * that are off here (rtmp, ldap), whose constructor then reads the
 * machine's policy and tests its ciphers, at a price in memory and in every
 * start. This is GnuTLS's own word against that, GNUTLS_SKIP_GLOBAL_INIT,
 * spelled out because its headers are not needed to build us. Who does use
 * GnuTLS calls gnutls_global_init() itself: a libcurl built with it does so
 * in curl_global_init(), librtmp and libldap before their first session. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier) */
int _gnutls_global_init_skip(void);

/* NOLINTNEXTLINE(bugprone-reserved-identifier) */
__attribute__((visibility("default"))) int _gnutls_global_init_skip(void)
{
    return 1;
}

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
