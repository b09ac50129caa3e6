/* deadline.h - when a command has to be done, all of it.
 *
 * Any thread; nothing blocks. Times are of the monotonic clock. */
#ifndef SOAP_XMPP_TOOL_DEADLINE_H
#define SOAP_XMPP_TOOL_DEADLINE_H

struct deadline {
    long long end_ms; /* < 0: never */
};

enum { DEADLINE_NEVER = -1 };

/* Milliseconds of the monotonic clock, and microseconds. */
long long deadline_now_ms(void);
long long deadline_now_us(void);

/* From now; timeout_ms < 0 (DEADLINE_NEVER): none. */
struct deadline deadline_after(long long timeout_ms);

/* What is left, at least 0 and at most most_ms; without a deadline most_ms. */
int deadline_left_ms(const struct deadline *deadline, int most_ms);

/* Whether it is over. */
int deadline_is_over(const struct deadline *deadline);

#endif
