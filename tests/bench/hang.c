/* A resolver that hangs, for LD_PRELOAD: names that end in ".hung" take two
 * seconds; "broker.hung" is 127.0.0.1 then, the others are not known. */
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#define HANG_S 2

typedef int resolver(const char *, const char *, const struct addrinfo *,
                     struct addrinfo **);

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    static const char hung[] = ".hung";
    size_t len = node ? strlen(node) : 0, tail = sizeof hung - 1;
    resolver *real;
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&real, &found, sizeof real);
    if (len > tail && strcmp(node + len - tail, hung) == 0) {
        (void)sleep(HANG_S);
        if (strcmp(node, "broker.hung") != 0)
            return EAI_NONAME;
        node = "127.0.0.1";
    }
    return real(node, service, hints, result);
}
