/* guard-service - opens doors for people who prove that they know their password: a UsernameToken
 * with a digest, and a Timestamp (WS-Security): token.c.
 *
 * XMPP says which account calls, and SOAP_XMPP_ALLOW which may, or a file of rules, which SIGHUP
 * has read anew. This is about who stands behind an account that several people use. The digest
 * covers nonce, time and password, not the message: what a stranger must not change belongs into a
 * signature, see tests/ws/test_signature.c.
 */
#include <pthread.h>
#include <signal.h>
#include <sysexits.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "guard.nsmap"
#include "token.h"
#include "wsseapi.h"

static const char usage[] =
    "usage: guard-service   until SIGINT or SIGTERM\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "  SOAP_XMPP_ALLOW, SOAP_XMPP_ALLOW_FILE: which accounts may call; default: none.\n"
    "  SIGHUP: the file is read anew\n"
    "  GUARD_USER, GUARD_SECRET: the one who may open doors\n"
    "exit code: 0 stopped, 1 failed, 2 wrong usage or configuration, 77 refused for good\n";

static struct soap_xmpp_link *link_up;
static const char *user, *secret;

int guard__open(struct soap *soap, char *door, char **greeting)
{
    const char *name = token_user(soap, user, secret);
    char text[200];
    int failed = name ? SOAP_OK : soap->error;
    if (name) {
        snprintf(text, sizeof text, "%.80s, the %.80s is open", name, door ? door : "door");
        *greeting = soap_strdup(soap, text);
        printf("%s from %s\n", text, soap_xmpp_from(soap));
    }
    soap_wsse_delete_Security(soap); /* or the answer would carry the caller's header back */
    return failed;
}

/* A handler may not reload; a thread that waits for the signals may. */
static void *watch(void *signals)
{
    int number;
    while (sigwait(signals, &number) == 0 && number == SIGHUP)
        soap_xmpp_reload(link_up, NULL, 0); /* the trace tells what is wrong with the file */
    soap_xmpp_interrupt(link_up);           /* SIGINT, SIGTERM: soap_xmpp_serve() returns */
    return NULL;
}

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGHUP);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL); /* threads that are started later inherit that */
}

static int serve(struct soap *soap)
{
    char text[4096]; /* any JID fits */
    if (soap_register_plugin_arg(soap, soap_xmpp, link_up) || soap_register_plugin(soap, soap_wsse))
        return soap->error;
    if (soap_xmpp_wait_online(link_up, -1) == 0) { /* if not, it goes on trying */
        soap_xmpp_jid(link_up, text, sizeof text);
        printf("online as %s\n", text);
    }
    return soap_xmpp_serve(soap, soap_serve, 2); /* until a signal */
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        int help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    struct soap_xmpp_config config;
    char why[256] = "GUARD_USER and GUARD_SECRET aren't set";
    sigset_t signals;
    pthread_t watcher;
    block_signals(&signals);
    user = getenv("GUARD_USER");
    secret = getenv("GUARD_SECRET");
    soap_xmpp_config_init(&config);
    config.trace = SOAP_XMPP_TRACE_INFO; /* tells who was refused; SOAP_XMPP_TRACE may differ */
    if (user && secret && *secret && soap_xmpp_config_from_env(&config, why, sizeof why) == 0)
        link_up = soap_xmpp_open(&config, why, sizeof why);
    if (!link_up) {
        fprintf(stderr, "guard-service: %s\n", why);
        return 2;
    }
    if (pthread_create(&watcher, NULL, watch, &signals)) {
        fputs("guard-service: no thread for the signals\n", stderr);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);

    struct soap soap;
    soap_init(&soap);
    int failed = serve(&soap);
    if (failed)
        soap_print_fault(&soap, stderr);
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    int refused = soap_xmpp_state(link_up) == SOAP_XMPP_FAILED;
    pthread_kill(watcher, SIGINT); /* it must not see a closed link */
    pthread_join(watcher, NULL);
    soap_xmpp_close(link_up);
    return refused ? EX_NOPERM : failed ? 1 : 0;
}
