/* notify.h - what systemd is told (sd_notify(3)): READY, STATUS, RELOADING, STOPPING, WATCHDOG.
 *
 * Without NOTIFY_SOCKET it does nothing. */
#ifndef GW_NOTIFY_H
#define GW_NOTIFY_H

/* "READY=1\nSTATUS=..." Any thread; doesn't block. */
void gw_notify(const char *lines);
/* How often WATCHDOG=1 is due, half of WATCHDOG_USEC; 0: never. */
unsigned gw_notify_watchdog_ms(void);

#endif
