/* header_text.h - a header as it stood on the wire, byte by byte. On the listener's thread. */
#ifndef GW_HEADER_TEXT_H
#define GW_HEADER_TEXT_H

#include "http/request_state.h"

/* Refuses the request with 400 for what libmicrohttpd lets pass and another reader could read in
 * another way: a line that ends with LF alone, one that goes on in the next, a NUL, two blanks in
 * the first line. method and version are libmicrohttpd's own. */
void gw_header_text_check(struct gw_request *request, const char *method, const char *version);

#endif
