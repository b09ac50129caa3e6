/* arrival.h - how requests arrive: the callbacks of libmicrohttpd. */
#ifndef GW_ARRIVAL_H
#define GW_ARRIVAL_H

#include <microhttpd.h>

#include "http/intake.h"
#include "http/passwords.h"
#include "http/tls.h"
#include "http/users.h"

/* Where they arrive: a listener. */
struct gw_arrival {
    struct gw_intake *intake;
    struct gw_tls *tls;             /* NULL: none */
    struct gw_passwords *passwords; /* NULL: nobody is asked for one */
    struct gw_users *users;         /* NULL: nobody is asked; under intake's mutex */
    atomic_llong entered_ms;        /* when its thread began what it does here; 0: nothing */
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
/* GnuTLS's retrieve function, without a user of ours: it finds the listener by the connection. */
int gw_arrival_present(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                       const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                       gnutls_pcert_st **chain, unsigned *count, gnutls_privkey_t *key);
void gw_arrival_log(void *arrival, const char *format, va_list arguments);

#endif
