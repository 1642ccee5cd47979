/* A file to be sent, for tests. */
#ifndef TESTS_BRIDGE_TEMP_FILE_H
#define TESTS_BRIDGE_TEMP_FILE_H

#include "bridge/http.h"

/* An open file without a name: size bytes that differ from place to place. */
struct http_file temp_file(size_t size);
/* One that takes no room: size zero bytes. */
struct http_file temp_file_sparse(int64_t size);
/* Are these size bytes what temp_file() wrote at offset? */
bool temp_file_is(const char *bytes, size_t size, size_t offset);

#endif
