/* serving.h - a service as a configuration would have it, for tests of serve/. */
#ifndef TESTS_GATEWAY_SERVING_H
#define TESTS_GATEWAY_SERVING_H

#include "serve/backend.h"

/* The one of cam1@cams.test, whose URL is http://cam1.lan/onvif/device_service, with paths as
 * resources and everything rewritten. The same for all tests; set what shall be different, and call
 * serving_end(). */
struct gw_serve_config *serving_begin(struct gw_backend *backend);
void serving_end(void);

#endif
