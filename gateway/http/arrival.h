/* arrival.h - how requests arrive: the callbacks of libmicrohttpd. */
#ifndef GW_ARRIVAL_H
#define GW_ARRIVAL_H

#include <microhttpd.h>

#include "http/intake.h"

/* Where they arrive: a listener. */
struct gw_arrival {
    struct gw_intake *intake;
    bool is_tls;
    atomic_llong entered_ms; /* when its thread began what it does here; 0: nothing */
};

/* With a struct gw_arrival each: MHD_OPTION_NOTIFY_CONNECTION, MHD_OPTION_URI_LOG_CALLBACK, the
 * access handler, MHD_OPTION_NOTIFY_COMPLETED, MHD_OPTION_EXTERNAL_LOGGER. */
void gw_arrival_connect(void *arrival, struct MHD_Connection *mhd, void **socket_context,
                        enum MHD_ConnectionNotificationCode code);
void *gw_arrival_begin(void *arrival, const char *target, struct MHD_Connection *mhd);
enum MHD_Result gw_arrival_take(void *arrival, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *count, void **context);
void gw_arrival_end(void *arrival, struct MHD_Connection *mhd, void **context,
                    enum MHD_RequestTerminationCode code);
void gw_arrival_log(void *arrival, const char *format, va_list arguments);

#endif
