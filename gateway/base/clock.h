/* clock.h - the monotonic clock, in milliseconds or microseconds. Any thread; nothing fails. */
#ifndef GW_CLOCK_H
#define GW_CLOCK_H

long long gw_clock_ms(void);
long long gw_clock_us(void);

#endif
