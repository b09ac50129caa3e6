/* component.c - what libstrophe needs to be a component, and what its server's refusals mean.
 *
 * Invariant: no component's connection sends a byte without a state of stream management.
 *
 * Happy path: lend a state -> xmpp_connect_component -> libstrophe answers the stream's id with the
 * handshake -> <handshake/> -> online.
 * Failure: no memory for the state: nothing was begun. The server's refusal is a stream error.
 */
#include "net/component.h"

#include <errno.h>
#include <string.h>

static int refuse_socket(xmpp_conn_t *conn, void *socket)
{
    (void)conn;
    (void)socket;
    return -1;
}

static void ignore_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                         xmpp_stream_error_t *stream_error, void *user)
{
    (void)conn;
    (void)event;
    (void)error;
    (void)stream_error;
    (void)user;
}

/* libstrophe 0.12.2 looks into its state of stream management whenever it sends, switched off or
 * not, but makes one for clients alone. So one is taken from a client that is begun and gets no
 * socket. */
static xmpp_sm_state_t *borrow_state(xmpp_ctx_t *ctx, const char *literal)
{
    xmpp_conn_t *client = xmpp_conn_new(ctx);
    xmpp_sm_state_t *state = NULL;
    if (!client)
        return NULL;
    xmpp_conn_set_flags(client, XMPP_CONN_FLAG_DISABLE_TLS);
    xmpp_conn_set_jid(client, "nobody@localhost");
    xmpp_conn_set_sockopt_callback(client, refuse_socket);
    if (xmpp_connect_client(client, literal, 1, ignore_event, NULL) != XMPP_EOK)
        state = xmpp_conn_get_sm_state(client);
    xmpp_conn_release(client);
    return state;
}

int sx_component_connect(xmpp_conn_t *conn, xmpp_ctx_t *ctx, const char *literal,
                         unsigned short port, xmpp_conn_handler handler, void *user)
{
    xmpp_sm_state_t *state = borrow_state(ctx, literal);
    if (!state)
        return XMPP_EMEM;
    if (xmpp_conn_set_sm_state(conn, state) != XMPP_EOK)
        xmpp_free_sm_state(state); /* a later libstrophe has made one itself */
    errno = 0;
    return xmpp_connect_component(conn, literal, port, handler, user);
}

static const struct refusal {
    const char *condition;
    enum sx_err err;
    const char *clause;
} refusals[] = {
    {"not-authorized", SX_EAUTH, "the server knows another secret for it, or none"},
    {"conflict", SX_ESTREAM, "another process holds it"},
    {"host-unknown", SX_ESTREAM, "there is no such component at that port"},
    {"invalid-namespace", SX_ESTREAM, "this is no port for components"},
};

static const struct refusal *find_refusal(const char *condition)
{
    static const struct refusal other = {"", SX_ESTREAM, ""};
    size_t i;
    for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (strcmp(refusals[i].condition, condition) == 0)
            return &refusals[i];
    return &other;
}

enum sx_err sx_component_judge_login(const char *condition)
{
    return find_refusal(condition)->err;
}

const char *sx_component_explain_login(const char *condition)
{
    return find_refusal(condition)->clause;
}
