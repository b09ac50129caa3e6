/* answer.h - an answer as it is sent: by libmicrohttpd, or around it. Any thread; http/'s own. */
#ifndef GW_ANSWER_H
#define GW_ANSWER_H

#include "http/request_state.h"

/* With the fields that answers have by themselves, packed if the client takes it. body is its own
 * from now on. NULL without memory. */
struct MHD_Response *gw_answer_make(const struct gw_request *request, int status,
                                    const struct gw_header *headers, char *body, size_t body_bytes);
/* As it goes over the wire, in request's midway_answer: for one whose body came when it was
 * refused. NULL there without memory. */
void gw_answer_write(struct gw_request *request, int status, const struct gw_header *headers,
                     const char *body, size_t body_bytes);

#endif
