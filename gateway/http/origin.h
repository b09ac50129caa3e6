/* origin.h - who has sent a request, and how it reaches us: its address, and our own as it knows
 * it. On the listener's thread. */
#ifndef GW_ORIGIN_H
#define GW_ORIGIN_H

#include "http/request_state.h"

/* Sets address and base. A proxy that the configuration trusts is asked by its X-Forwarded-For,
 * -Proto and -Host; another one's are ignored. Refuses a Host that is none with 400. */
void gw_origin_read(struct gw_request *request, bool is_tls);

#endif
