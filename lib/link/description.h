/* description.h - what a service says of itself: made once, told many times.
 *
 * Noun: the description, of a service. Invariant: it doesn't change, and lives as long as somebody
 * refers to it.
 *
 * Thread: any.
 */
#ifndef SX_LINK_DESCRIPTION_H
#define SX_LINK_DESCRIPTION_H

#include "base/buffer.h"
#include "config/settings.h"
#include "request/statistics.h"
#include "soap/metadata.h"

struct sx_description;

/* The largest answer to disco#info with a form in it: it has to fit in small stanzas. */
enum { SX_DESCRIPTION_INFO_BYTES = 16384 };

/* Of what the program says, which is read; files are read as well, which may block. NULL: one
 * sentence in why (may be NULL). The caller has the first reference. */
struct sx_description *sx_description_new(const struct soap_xmpp_description *said, char *why,
                                          size_t why_bytes);
struct sx_description *sx_description_ref(struct sx_description *description);
void sx_description_unref(struct sx_description *description); /* NULL allowed */

bool sx_description_has_statistics(const struct sx_description *description);
/* As sx_statistics_begin() wants them. */
const char *sx_description_operations(const struct sx_description *description);

/* Appends the form SOAP_XMPP_SERVICE_FORM, so much of it that out has no more than out_bytes.
 * statistics: of what has_statistics wants told. Errors show in out->failed. */
void sx_description_write_form(const struct sx_description *description,
                               struct sx_statistics *statistics, size_t out_bytes,
                               struct sx_buffer *out);

/* Appends the <item/>s of disco#items that the program tells, up to out_bytes and 1,000 of them;
 * false: there were more. Calls the program. */
bool sx_description_write_items(const struct sx_description *description, size_t out_bytes,
                                struct sx_buffer *out);

/* Appends the envelope that answers a question, for a service at that address. */
void sx_description_write_metadata(const struct sx_description *description,
                                   const struct sx_metadata_question *question, const char *address,
                                   struct sx_buffer *out);

#endif
