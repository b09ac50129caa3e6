/* connection.c - the link of a command: opened, online within the command's deadline, closed.
 *
 * Invariant: a signal finds the link as long as it is open, and never afterwards.
 *
 * Failure modes: a configuration that the library refuses: REPORT_USAGE. Refused by the server, or
 * two attempts without success, or the deadline: REPORT_OFFLINE with the link's reason. */
#include "connection.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "interrupt.h"

/* A slice of waiting; a link that has come online ends it at once. */
enum { SLICE_MS = 100, ATTEMPTS = 2, WHY_BYTES = 1024 };

static void count_failure(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct connection *connection = user;
    (void)reason;
    if (state == SOAP_XMPP_BACKING_OFF)
        atomic_fetch_add(&connection->failures, 1);
    if (state == SOAP_XMPP_ONLINE)
        atomic_store(&connection->failures, 0);
}

/* Whether waiting can still help. wait_online() returns early when it can't. */
static bool wait_slice(struct run *run, struct connection *connection)
{
    long long begun_ms = deadline_now_ms();
    int slice_ms = deadline_left_ms(&run->deadline, SLICE_MS);
    if (soap_xmpp_wait_online(connection->link, slice_ms) == 0)
        return false;
    return !interrupt_signal() && !deadline_is_over(&run->deadline) &&
           atomic_load(&connection->failures) < ATTEMPTS &&
           deadline_now_ms() - begun_ms >= slice_ms / 2 &&
           soap_xmpp_state(connection->link) != SOAP_XMPP_FAILED;
}

static int wait_online(struct run *run, struct connection *connection)
{
    char reason[WHY_BYTES];
    while (wait_slice(run, connection))
        ;
    if (soap_xmpp_wait_online(connection->link, 0) == 0)
        return 0;
    soap_xmpp_reason(connection->link, reason, sizeof reason);
    return report_end(&run->report, REPORT_OFFLINE, "%s is not online: %s",
                      connection->settings.config.jid, reason);
}

int connection_start(struct run *run, struct connection *connection)
{
    struct settings *settings = &connection->settings;
    char why[WHY_BYTES];
    int result = settings_ask_password(run, settings);
    if (result) {
        settings_free(settings);
        return result;
    }
    atomic_store(&connection->failures, 0);
    settings->config.state_callback = count_failure;
    settings->config.state_user = connection;
    connection->link = soap_xmpp_open(&settings->config, why, sizeof why);
    if (!connection->link) {
        settings_free(settings);
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    }
    interrupt_watch_link(connection->link);
    result = wait_online(run, connection);
    if (result)
        connection_close(connection);
    return result;
}

int connection_open(struct run *run, struct connection *connection)
{
    int result = settings_resolve(run, &connection->settings);
    return result ? result : connection_start(run, connection);
}

void connection_close(struct connection *connection)
{
    interrupt_watch_link(NULL);
    soap_xmpp_close(connection->link);
    connection->link = NULL;
    settings_free(&connection->settings);
}
