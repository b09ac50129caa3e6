/* scene.h - an honest caller, an honest service, and somebody with bad intentions, at one site.
 *
 * A stanza in a table holds $TO, the JID of whom it is for; $ID, an id; and $FILL, what makes it
 * large.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "../lib/stranger.h"
#include "laboratory.h"

#define SOAP11           "http://schemas.xmlsoap.org/soap/envelope/"
#define ENVELOPE(body)   "<e:Envelope xmlns:e='" SOAP11 "'><e:Body>" body "</e:Body></e:Envelope>"
#define LAB(name, inner) "<l:" name " xmlns:l='urn:soapxmpp:lab'>" inner "</l:" name ">"
#define ADD              ENVELOPE(LAB("add", "<a xmlns=''>1</a><b xmlns=''>2</b>"))
#define ADDED            ENVELOPE(LAB("addResponse", "<sum xmlns=''>3</sum>"))

#define TEN_ATTRIBUTES "<c a#='' b#='' c#='' d#='' e#='' f#='' g#='' h#='' i#='' j#=''/>"

enum { SCENE_STANZA_BYTES = 100000, SCENE_REQUESTS = 10, SCENE_TEXT_BYTES = 400 };

/* For servers that limit bytes. Prosody reads 8,192 at once; of a larger TLS record it can leave
 * the rest, and read no more of that client while it has a limit (seen with 0.12.3 and 13.0.1). */
enum { SCENE_SMALL_BYTES = 8000 };

/* Bob's service, alice who calls it, and somebody with bob's password. */
struct scene {
    const struct site *site;
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    char endpoint[SCENE_TEXT_BYTES], evil_endpoint[SCENE_TEXT_BYTES];
    char service_jid[SCENE_TEXT_BYTES], caller_jid[SCENE_TEXT_BYTES];
    struct stranger *evil;
};

/* The links take stanzas of SCENE_STANZA_BYTES, the service's queue SCENE_REQUESTS. */
void scene_open(struct scene *scene, const struct site *site, int threads);
void scene_close(struct scene *scene);

/* One more of these. Not NULL: a failed assertion ends the test. */
struct soap_xmpp_link *scene_open_link(const struct site *site, const char *user,
                                       const char *resource, int plain_delivery);
struct stranger *scene_open_stranger(const struct site *site, const char *user,
                                     const char *resource);

/* An assertion: alice's call of add is answered. */
void scene_assert_served(struct scene *scene);

/* Both count times; each # in the piece is its number. */
struct filling {
    const char *piece, *closing;
    unsigned count;
};

/* The text of a table with its words replaced, malloc'ed. */
char *scene_fill_in(const char *text, const char *to, const char *id,
                    const struct filling *filling);

/* Whether it is more than servers as Debian configures them take in some seconds: what a large
 * stanza does is then seen at the other servers alone. */
bool scene_is_too_much(const struct filling *filling);

/* Says white space behind a stanza: an expat that defers its parsing, as servers have it, looks at
 * a long tag again only when twice as many bytes have come. */
bool scene_push(struct stranger *stranger);

#endif
