/* names.h - a name service of the test's own in the place of the system's.
 *
 * For programs linked with --wrap=getaddrinfo and those of sx_dns_ask, sx_dns_begin and
 * sx_hosts_find (mk/tests.mk). Literal addresses are the system's as before, and so is everything
 * while no table is set. Any thread.
 */
#ifndef TESTS_NAMES_H
#define TESTS_NAMES_H

#include <stdbool.h>

enum { NAMES_HANG = 12345 }; /* as an error: no answer before names_release() */

/* A host: "127.0.0.2 127.0.0.1", or an error of getaddrinfo(). SRV records, by their whole name
 * ("_xmpp-client._tcp.example.org"): "priority weight port target, ...", or an error as h_errno has
 * it. What isn't in the table doesn't exist. */
struct names_row {
    const char *name, *answer;
    int error;
};

/* The rows end with a name of NULL and are borrowed until the next set; NULL: the system's. */
void names_set(const struct names_row *rows);

/* From here on SRV records are asked of name servers on these ports of 127.0.0.1, up to a 0, though
 * a table is set; and the hosts file is this one. NULL: as before. Borrowed. */
void names_servers(const int *ports);
void names_hosts(const char *file);

/* SRV answers end after so many bytes, whatever they say; -1: they are whole. */
void names_cut(int bytes);

/* How often a name was asked for since it was set; how many askers hang. */
unsigned names_asked(const char *name);
unsigned names_hanging(void);

/* Waits until so many hang; false after 20 s. */
bool names_await_hanging(unsigned count);

/* Lets those that hang go, with EAI_AGAIN or TRY_AGAIN, and waits until they have gone. */
void names_release(void);

#endif
