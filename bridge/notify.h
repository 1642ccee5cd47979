/* The service manager's own protocol (sd_notify), without libsystemd. */
#ifndef BRIDGE_NOTIFY_H
#define BRIDGE_NOTIFY_H

#include <stdint.h>

/* Send "READY=1", "STOPPING=1", "WATCHDOG=1", ...; nothing happens without
 * $NOTIFY_SOCKET. */
void notify(const char *state);
/* How often WATCHDOG=1 should be sent (half of $WATCHDOG_USEC), 0 = never. */
int64_t notify_watchdog_ms(void);

#endif
