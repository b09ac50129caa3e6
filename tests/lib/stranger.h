/* stranger.h - an XMPP client that is nobody's friend: it logs in as it should, and then says and
 * hears stanzas as text.
 *
 * Assertions fail when the server doesn't do its part; what is awaited is awaited for TCP_LONG_MS.
 */
#ifndef TESTS_STRANGER_H
#define TESTS_STRANGER_H

#include <stdbool.h>

struct stranger;

/* STARTTLS, PLAIN, resource binding. jid: user@domain/resource. NULL: a failed assertion. */
struct stranger *stranger_open(int port, const char *jid, const char *password);
void stranger_close(struct stranger *stranger); /* NULL allowed */

/* Sends it as it is, even if it is no stanza; true unless the server has gone. */
bool stranger_say(struct stranger *stranger, const char *text);
bool stranger_say_format(struct stranger *stranger, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Waits until text has come, behind what was heard before. Returns what came meanwhile, up to the
 * end of the tag in which it ends, valid until the next call; NULL if it didn't come. */
const char *stranger_hear(struct stranger *stranger, const char *text);

/* Waits until the server closes the connection. */
bool stranger_is_left(struct stranger *stranger);

/* How often text stands in all that was heard with stranger_hear(). */
unsigned stranger_count(const struct stranger *stranger, const char *text);

/* The attribute of the last stanza in heard (stranger_hear()'s), "" without it; in a static buffer
 * that the fourth call from now overwrites. */
const char *stranger_attribute(const char *heard, const char *name);

#endif
