/* identity.c - who a request is of.
 *
 * It is looked at before the body is read, so that a stranger costs no more than a header. */
#include "http/identity.h"

#include <string.h>

/* The client has shown a certificate that the listener's client-ca has signed. */
static void check_certificate(struct gw_tls *tls, struct gw_request *request)
{
    struct gw_tls_client client;
    const union MHD_ConnectionInfo *session =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    const struct gw_users *users = request->users;
    if (!session || !gw_tls_find_client(tls, session->tls_session, &client)) {
        gw_request_refuse(request, 401, "a client certificate that is trusted here is asked for");
        return;
    }
    if (users && gw_users_type(users) != GW_AUTH_CERTIFICATE)
        return; /* a password says who it is */
    const char *name = users ? gw_users_find_certificate(users, client.sha256, client.common_name)
                             : client.common_name;
    if (!name || !(request->user = strdup(name)))
        gw_request_refuse(request, 401, "the client certificate is of nobody who may come in");
}

static void conclude(struct gw_request *request, enum gw_passwords_end end)
{
    if (end == GW_PASSWORDS_RIGHT)
        return;
    if (end == GW_PASSWORDS_WRONG)
        gw_request_refuse(request, 401, "user and password are asked for, and must be right");
    else if (end == GW_PASSWORDS_TOO_MANY)
        gw_request_refuse(request, 401,
                          "too many wrong passwords came from this address: try in a minute");
    else
        gw_request_refuse(request, 503, "too many passwords are looked into");
}

/* On a worker. */
static void done(void *user, enum gw_passwords_end end)
{
    struct gw_request *request = user;
    struct gw_intake *intake = request->intake;
    pthread_mutex_lock(&intake->mutex);
    request->password_end = end;
    request->phase = GW_PHASE_CHECKED;
    intake->checking--;
    MHD_resume_connection(request->mhd);
    pthread_cond_broadcast(&intake->change);
    pthread_mutex_unlock(&intake->mutex);
}

/* Under the intake's mutex all of it, so that a worker that is fast finds it suspended. */
static bool check_password(struct gw_passwords *passwords, struct gw_request *request)
{
    struct gw_intake *intake = request->intake;
    char name[GW_USERS_NAME_BYTES] = "";
    const char *authorization = gw_request_header(request, "Authorization");
    enum gw_passwords_end end = GW_PASSWORDS_BUSY;

    pthread_mutex_lock(&intake->mutex);
    if (!intake->is_closed)
        end = gw_passwords_check(passwords, request->users, authorization, request->address, name,
                                 done, request);
    bool is_later = end == GW_PASSWORDS_LATER;
    if (is_later) {
        request->phase = GW_PHASE_CHECKING;
        intake->checking++;
        MHD_suspend_connection(request->mhd);
    }
    request->user = strdup(name);
    pthread_mutex_unlock(&intake->mutex);
    if (is_later)
        return false;
    conclude(request, request->user ? end : GW_PASSWORDS_BUSY);
    return true;
}

bool gw_identity_check(struct gw_tls *tls, struct gw_passwords *passwords,
                       struct gw_request *request)
{
    if (tls && gw_tls_trusted(tls))
        check_certificate(tls, request);
    if (request->refusal || !request->users || gw_users_type(request->users) != GW_AUTH_BASIC)
        return true;
    request->asks_password = true;
    return check_password(passwords, request);
}

void gw_identity_conclude(struct gw_request *request)
{
    conclude(request,
             request->user ? (enum gw_passwords_end)request->password_end : GW_PASSWORDS_BUSY);
}
