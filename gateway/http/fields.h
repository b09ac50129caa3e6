/* fields.h - the header fields of a request, copied so that any thread may read them. */
#ifndef GW_FIELDS_H
#define GW_FIELDS_H

#include "http/request_state.h"

/* Values lose the blanks at their end. Refuses the request with 400 for a name that is no token or
 * a value with a control character, with 431 for more than limits.header, with 503 without memory.
 */
void gw_fields_read(struct gw_request *request);
/* Whether text is a token of RFC 9110, as names are; whether it has no control character but tab.
 */
bool gw_fields_is_token(const char *text);
bool gw_fields_is_value(const char *text);

#endif
