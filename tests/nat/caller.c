/* caller - one call of the calculator with a deadline: caller ENDPOINT SECONDS
 *
 * The sample client has the link's own minute; a test that breaks calls wants to see them end.
 *
 * Says "calling" once it is online, then how the call ended and after how long.
 * Exit code: 0 answered, 1 ended with an error by its deadline, 2 wrong usage or never online,
 * 3 a wrong answer, or an end long after the deadline.
 */
#include <time.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "calculator.nsmap"

enum { LATE_MS = 1000 }; /* what a busy machine may add */

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct soap_xmpp_link *open_link(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link = NULL;
    char why[256];
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why) == 0)
        link = soap_xmpp_open(&config, why, sizeof why);
    if (link && soap_xmpp_wait_online(link, 10000) == 0)
        return link;
    if (link)
        soap_xmpp_reason(link, why, sizeof why);
    fprintf(stderr, "caller: %s\n", why);
    soap_xmpp_close(link);
    return NULL;
}

static int call(struct soap *soap, const char *endpoint, int deadline_s)
{
    double sum = 0;
    long begun_ms = now_ms(), took_ms;
    soap->recv_timeout = deadline_s;
    if (soap_call_c__add(soap, endpoint, NULL, 1, 2, &sum))
        soap_print_fault(soap, stdout);
    took_ms = now_ms() - begun_ms;
    printf("%s after %ld ms\n", soap->error ? "error" : "answer", took_ms);
    if (took_ms > deadline_s * 1000L + LATE_MS || (!soap->error && sum != 3))
        return 3;
    return soap->error ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct soap_xmpp_link *link;
    struct soap soap;
    int deadline_s = argc == 3 ? atoi(argv[2]) : 0, status = 2;
    if (deadline_s <= 0) {
        fprintf(stderr, "usage: caller ENDPOINT SECONDS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    link = open_link();
    if (!link)
        return 2;
    soap_init(&soap);
    if (soap_register_plugin_arg(&soap, soap_xmpp, link)) {
        soap_print_fault(&soap, stderr);
    } else {
        printf("calling\n");
        status = call(&soap, argv[1], deadline_s);
    }
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    soap_xmpp_close(link);
    return status;
}
