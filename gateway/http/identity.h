/* identity.h - who a request is of, and whether that is somebody who may come in. */
#ifndef GW_IDENTITY_H
#define GW_IDENTITY_H

#include <stdbool.h>

#include "http/passwords.h"
#include "http/request_state.h"
#include "http/tls.h"

/* Looks at the client's certificate and at its password, as the listener asks for them. False: the
 * request is suspended until a worker has looked into its password, and taken up again in
 * GW_PHASE_CHECKED: gw_identity_conclude(). Else the user is set, or it is refused: 401, or 503
 * when too many are looked into. tls and passwords are the listener's, and so are the request's
 * users, held for it; NULL: none. On the listener's thread. */
bool gw_identity_check(struct gw_tls *tls, struct gw_passwords *passwords,
                       struct gw_request *request);
void gw_identity_conclude(struct gw_request *request);

#endif
