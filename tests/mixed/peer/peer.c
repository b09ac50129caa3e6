/* peer - one end of a call between two versions of the library: it calls, and it serves, both over
 * one link.
 *
 * It is compiled against the installed library of each version, and so keeps to what the oldest one
 * has in its soap_xmpp.h; nothing of lib/ is in it, and of tests/lib what needs libc alone: line.h.
 *
 * usage: peer LEDGER JID PASSWORD PORT CAFILE [OPTION...]
 *     unpacked        it neither sends nor takes packed envelopes
 *     presence        tells that it is there, and sees who is
 *     messages        takes calls by message, and makes named ones
 *     shared          other processes serve this component, too
 *     kick            connects again at once whenever it is thrown off
 *     described       it tells its callers what it is, if its version can
 *     allow=RULES     who may call; everybody may unless it is given
 *
 * Its input tells it what to do, its output what happens, a line each:
 *     call NUMBER ENDPOINT SECONDS SIZE HELD   enters the number there, with a text of that size
 *     reject NUMBER ENDPOINT SECONDS           an operation that answers with a fault
 *     note NUMBER ENDPOINT SECONDS             a one-way operation
 *     finish NUMBER                            lets that operation, which is held, answer
 *     storm FIRST COUNT ENDPOINT SECONDS       calls many, some at once
 *     post NUMBER ENDPOINT SECONDS HELD        calls by message, named "job NUMBER"
 *     wait SECONDS                             for the answer to one of these
 *     subscribe ENDPOINT                       asks to see who is there
 *     stop                                     lets what runs answer, and refuses the rest
 *
 *     online                                   once the link is
 *     sent NUMBER                              a plain request is on its way, below 1,000
 *     run NUMBER                               it stands in the ledger, and is held
 *     end NUMBER answer|error OUTCOME MS TEXT
 *     stormed FIRST ANSWERED                   all have ended; others have an "end"
 *     amid in|out, moved in|out                a big message is under way, or arrived
 *     there JID, gone JID                      as presence tells
 *     stopping                                 from now on it refuses
 *     mailed                                   a message is handed to the connection
 *     posted NUMBER, found NAME: NUMBER        or "found nothing: -1"
 *
 * It ends with its input. Exit code: 0, or 2 if it couldn't begin.
 */
#include "soapH.h"
#include "soap_xmpp.h"
#include "mixed.nsmap"
#include "../../lib/line.h"
#include "peer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 32, DRAIN_MS = 2000, LONG_DRAIN_MS = 60000, MIN_ARGUMENTS = 6, STORMY = 1000 };

static struct soap_xmpp_link *own_link;
static bool kicks, has_presence;

/* ---- what the link tells ---- */

/* "alice@example.org: bob@example.org/soap is gone" */
static void tell_presence(const char *line)
{
    const char *jid = strstr(line, ": ");
    int len = jid ? (int)strcspn(jid + 2, " ") : 0;
    if (len && strcmp(jid + 2 + len, " is gone") == 0)
        line_tell("gone %.*s", len, jid + 2);
    else if (len && strcmp(jid + 2 + len, " is there, and serves") == 0)
        line_tell("there %.*s", len, jid + 2);
}

static void watch_trace(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    const char *sent = level == SOAP_XMPP_TRACE_STANZA ? strstr(line, ": sent <iq") : NULL;
    const char *number = sent ? strstr(sent, "<number>") : NULL;
    (void)user;
    if (level == SOAP_XMPP_TRACE_ERROR || getenv("MIXED_TRACE"))
        fprintf(stderr, "[%d] %s\n", (int)getpid(), line);
    if (level == SOAP_XMPP_TRACE_DEBUG)
        tell_presence(line);
    if (strstr(line, ": sent <message"))
        line_tell("mailed");
    if (number && strstr(sent, "enter>") && atoi(number + strlen("<number>")) < STORMY)
        line_tell("sent %d", atoi(number + strlen("<number>")));
}

static void watch_state(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    (void)user;
    (void)reason;
    if (state == SOAP_XMPP_STOPPING)
        line_tell("stopping");
    if (kicks && state == SOAP_XMPP_BACKING_OFF && own_link)
        soap_xmpp_kick(own_link);
}

/* One thread, the link's. */
static void watch_progress(void *user, const struct soap_xmpp_progress *progress)
{
    static bool amid[2];
    bool *told = &amid[progress->is_outgoing != 0];
    const char *way = progress->is_outgoing ? "out" : "in";
    (void)user;
    if (progress->done_bytes == progress->size_bytes) {
        line_tell("moved %s", way);
        *told = false;
    } else if (progress->done_bytes > progress->size_bytes / 4 && !*told) {
        line_tell("amid %s", way);
        *told = true;
    }
}

/* ---- the program ---- */

static void *stop(void *link)
{
    soap_xmpp_stop(link, LONG_DRAIN_MS);
    return NULL;
}

static void obey(const char *line)
{
    char endpoint[256], why[300] = "";
    pthread_t thread;
    int number;
    if (sscanf(line, "finish %d", &number) == 1)
        ledger_finish(number);
    else if (sscanf(line, "subscribe %255s", endpoint) == 1 &&
             soap_xmpp_subscribe(own_link, endpoint, why, sizeof why) != 0)
        fprintf(stderr, "%s\n", why);
    else if (strcmp(line, "stop\n") == 0 && pthread_create(&thread, NULL, stop, own_link) == 0)
        pthread_detach(thread);
    else
        calls_order(own_link, line);
}

static void set_option(struct soap_xmpp_config *config, const char *option)
{
    if (strcmp(option, "unpacked") == 0)
        config->packing = SOAP_XMPP_PACKING_NEVER;
    else if (strcmp(option, "presence") == 0)
        config->presence = 1;
    else if (strcmp(option, "shared") == 0)
        config->shared_jid = 1;
    else if (strcmp(option, "kick") == 0)
        kicks = true;
    else if (strcmp(option, "described") == 0) {
#ifdef SOAP_XMPP_SERVICE_FORM
        config->wsdl_file = "wsdl/station.wsdl";
#endif
    } else if (strncmp(option, "allow=", 6) == 0)
        config->allow = option + 6;
    else if (strcmp(option, "messages") == 0) {
        config->messages = 1;
        config->name_key = "mixed";
    } else {
        fprintf(stderr, "peer: there is no option %s\n", option);
        exit(2);
    }
}

static struct soap_xmpp_link *open_link(char **argv)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[400] = "", **option;
    soap_xmpp_config_init(&config);
    config.jid = argv[2];
    config.password = argv[3];
    config.host = "127.0.0.1";
    config.port = atoi(argv[4]);
    if (strchr(argv[2], '@'))
        config.ca_file = argv[5];
    config.allow = "*";
    config.trace = SOAP_XMPP_TRACE_STANZA;
    config.trace_callback = watch_trace;
    config.state_callback = watch_state;
    config.progress_callback = watch_progress;
    for (option = argv + MIN_ARGUMENTS; *option; option++)
        set_option(&config, *option);
    has_presence = config.presence || config.messages;
    link = soap_xmpp_open(&config, why, sizeof why);
    if (!link)
        fprintf(stderr, "peer: %s\n", why);
    return link;
}

static void *serve(void *soap)
{
    soap_xmpp_serve(soap, soap_serve, THREADS);
    return NULL;
}

/* The server has taken what was sent before it answers this: our presence among others, without
 * which it puts messages away. */
static bool is_present(const char *jid)
{
    const char *domain = strchr(jid, '@') ? strchr(jid, '@') + 1 : jid;
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(domain, "/"), domain);
    return !has_presence || soap_xmpp_discover(own_link, name, SOAP_XMPP_FEATURE, -1, NULL, 0) >= 0;
}

static void live(struct soap *soap, const char *jid)
{
    char line[LINE_BYTES];
    pthread_t server;
    /* Who is asked before it serves is taken for somebody who doesn't, and threads take a while. */
    if (soap_xmpp_accept(soap, -1) == SOAP_OK)
        soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
    if (pthread_create(&server, NULL, serve, soap) != 0)
        return;
    if (soap_xmpp_wait_online(own_link, -1) == 0 && is_present(jid))
        line_tell("online");
    while (fgets(line, sizeof line, stdin))
        obey(line);
    ledger_finish(-1);
    soap_xmpp_stop(own_link, DRAIN_MS);
    calls_join();
    pthread_join(server, NULL);
}

int main(int argc, char **argv)
{
    struct soap *soap;
    if (argc < MIN_ARGUMENTS) {
        fprintf(stderr, "usage: peer LEDGER JID PASSWORD PORT CAFILE [OPTION...]\n");
        return 2;
    }
    own_link = ledger_open(argv[1]) == 0 ? open_link(argv) : NULL;
    soap = own_link ? soap_new() : NULL;
    if (!soap || soap_register_plugin_arg(soap, soap_xmpp, own_link) != SOAP_OK)
        return 2;
    live(soap, argv[2]);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    soap_xmpp_close(own_link);
    return 0;
}
