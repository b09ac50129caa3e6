/* strophe_auth.c - the four functions of libstrophe's auth.c that its connections refer to, empty.
 *
 * Why: the login is login.c's. They stand before the archive on the linker's command line, so that
 * libstrophe's own auth, SASL, SCRAM and hashes aren't linked in. Their names and types are those
 * of its internal common.h, the same from 0.12.2 to 0.14.0. It calls the last two when a stream's
 * header has come, of which the parser tells us itself.
 */
#include <strophe.h>

void auth_handle_open(xmpp_conn_t *conn);
void auth_handle_component_open(xmpp_conn_t *conn);
void auth_handle_open_raw(xmpp_conn_t *conn);
void auth_handle_open_stub(xmpp_conn_t *conn);

void auth_handle_open(xmpp_conn_t *conn)
{
    (void)conn;
}

void auth_handle_component_open(xmpp_conn_t *conn)
{
    (void)conn;
}

void auth_handle_open_raw(xmpp_conn_t *conn)
{
    (void)conn;
}

void auth_handle_open_stub(xmpp_conn_t *conn)
{
    (void)conn;
}
