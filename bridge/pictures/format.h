/* What a picture is by its first bytes: only what Home Assistant and browsers
 * show is passed on (Buddy also has QOI thumbnails, which they do not). */
#ifndef BRIDGE_PICTURES_FORMAT_H
#define BRIDGE_PICTURES_FORMAT_H

#include <stddef.h>

#define PICTURE_MAX ((size_t)8 << 20) /* bytes of one */

enum picture_format { PICTURE_UNKNOWN, PICTURE_PNG, PICTURE_JPEG };

enum picture_format picture_format(const char *bytes, size_t len);
/* "image/png", "image/jpeg"; NULL for PICTURE_UNKNOWN. */
const char *picture_content_type(enum picture_format format);

#endif
