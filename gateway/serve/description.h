/* description.h - the contracts of backends: fetched with what they import, kept for a while.
 *
 * Noun: the description of one backend. Invariant: constant once it is there, held by references;
 * at most 64 and 32 MiB are kept, each for 5 minutes; 64 are being got at once. Each asker is told
 * once, on a worker or on the asking thread. */
#ifndef GW_DESCRIPTION_H
#define GW_DESCRIPTION_H

#include "base/workers.h"
#include "client/client.h"
#include "serve/documents.h"

struct gw_descriptions;

/* documents is held until gw_descriptions_release(); or NULL with one sentence in why and a
 * condition (RFC 6120 8.3.3). */
typedef void gw_description_done_fn(void *user, struct gw_documents *documents,
                                    const char *condition, const char *why);

/* NULL: no memory. client and workers outlive it. */
struct gw_descriptions *gw_descriptions_new(struct gw_client *client, struct gw_workers *workers);
void gw_descriptions_free(struct gw_descriptions *descriptions); /* nothing is under way; NULL */
/* Forgets all of them: the configuration has changed. */
void gw_descriptions_clear(struct gw_descriptions *descriptions);

/* What backend's serve has as wsdl: the URL that is called with "?wsdl", or a file. services and
 * backend are backend's own, and must live until done. Doesn't block, but while files are read. */
void gw_descriptions_get(struct gw_descriptions *descriptions, struct gw_services *services,
                         const struct gw_backend *backend, gw_description_done_fn *done,
                         void *user);
void gw_descriptions_release(struct gw_descriptions *descriptions, struct gw_documents *documents);

#endif
