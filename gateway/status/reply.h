/* reply.h - an answer of the admin listener: its fields are the same for all.
 *
 * Noun: the reply. Nothing may be kept, framed, guessed by its bytes, or fetched from elsewhere by
 * what is shown (Content-Security-Policy). Any thread; doesn't block. */
#ifndef GW_REPLY_H
#define GW_REPLY_H

#include "contract/text.h"
#include "http/request.h"

/* Answers with text, which is the reply's from then on (and empty): 500 if an addition has failed.
 */
void gw_reply_text(struct gw_request *request, int status, const char *type, struct ct_text *text);
/* A line of text. */
void gw_reply_line(struct gw_request *request, int status, const char *line);
/* A copy of a text that lives for ever. */
void gw_reply_file(struct gw_request *request, const char *type, const char *text);

#endif
