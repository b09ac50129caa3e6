/* relay-client - asks relay-service to convert, and to send the answer elsewhere; or has it record
 * a sequence of readings, sent again until the service has each.
 *
 * Between two peers of this library a call outlives its connection by itself. A sequence goes
 * further: it outlives calls that have failed (a service that was away for longer than
 * recv_timeout), keeps their order, and ends with the service's word that all of it came. */
#include <stdlib.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "relay.nsmap"
#include "wsrmapi.h" /* and wsaapi.h */

enum { EXPIRES_MS = 3600000, TRIES = 5 };

static const char usage[] =
    "usage: relay-client ENDPOINT convert CELSIUS [REPLY-TO [FAULT-TO]]\n"
    "       relay-client ENDPOINT record CELSIUS...\n"
    "REPLY-TO and FAULT-TO: endpoints that take the answer, or a fault: "
    "xmpp:desk@example.org/soap\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "exit code: 0 answered or accepted, 1 the call failed, 2 wrong usage or configuration\n";

/* ---- an answer that may go elsewhere ---- */

static int convert(struct soap *soap, const char *service, double celsius, const char *reply_to,
                   const char *fault_to)
{
    struct relay__convertResponse answer;
    const char *id = soap_wsa_rand_uuid(soap);
    if (soap_wsa_request(soap, id, service, "urn:soapxmpp:relay#convert") ||
        (reply_to && soap_wsa_add_ReplyTo(soap, reply_to)) ||
        (fault_to && soap_wsa_add_FaultTo(soap, fault_to)))
        return soap->error;
    if (soap_call_relay__convert(soap, service, NULL, celsius, &answer) == SOAP_OK)
        printf("%.15g\n", answer.fahrenheit);
    else if (soap->error == 202) /* accepted: what came of it goes elsewhere */
        printf("accepted as %s\n", id);
    else
        return soap->error;
    return SOAP_OK;
}

/* ---- a sequence ---- */

/* A fault of the plugin in gSOAP 2.8.124: soap_wsrm_disconnect() looks into the message that was
 * sent last, which the acknowledgement in its answer has freed. So it is forgotten once it is sent.
 */
static int (*await_answer)(struct soap *soap);

static int forget_and_await(struct soap *soap)
{
    struct soap_wsrm_data *data = soap_lookup_plugin(soap, soap_wsrm_id);
    data->state = SOAP_WSRM_OFF;
    data->msg = NULL;
    return await_answer(soap);
}

/* Not soap_wsrm_nack(), which counts those alone that the other end has asked for (Nack). */
static int count_unacknowledged(const struct soap_wsrm_sequence *sequence)
{
    int count = 0;
    ULONG64 i;
    for (i = 0; i < sequence->num; i++) /* made with SOAP_WSRM_FAST_ALLOC */
        count += sequence->messages[i] != NULL;
    return count;
}

/* 202: the service doesn't take this reading before those that it lacks. */
static int record(struct soap *soap, soap_wsrm_sequence_handle sequence, double celsius)
{
    static const char action[] = "urn:soapxmpp:relay#record";
    struct relay__recordResponse answer;
    if (soap_wsrm_request(soap, sequence, soap_wsa_rand_uuid(soap), action))
        return soap->error;
    return soap_call_relay__record(soap, soap_wsrm_to(sequence), action, celsius, &answer);
}

/* Sends again what wasn't acknowledged; the answer to the close says what was. */
static int finish(struct soap *soap, soap_wsrm_sequence_handle sequence)
{
    int tries;
    for (tries = 0; tries < TRIES; tries++) {
        if (count_unacknowledged(sequence) && soap_wsrm_resend(soap, sequence, 0, 0))
            soap_print_fault(soap, stderr);
        if (soap_wsrm_close(soap, sequence, soap_wsa_rand_uuid(soap)))
            soap_print_fault(soap, stderr);
        else if (count_unacknowledged(sequence) == 0)
            return soap_wsrm_terminate(soap, sequence, soap_wsa_rand_uuid(soap));
    }
    return soap_receiver_fault(soap, "the service has not acknowledged all readings", NULL);
}

static int record_all(struct soap *soap, const char *service, int count, char **readings)
{
    soap_wsrm_sequence_handle sequence;
    int i, failed;
    if (soap_wsrm_create(soap, service, NULL, EXPIRES_MS, NULL, &sequence)) {
        failed = soap->error;
    } else {
        for (i = 0; i < count; i++)
            if (record(soap, sequence, strtod(readings[i], NULL)) && soap->error != 202)
                soap_print_fault(soap, stderr); /* it will be sent again */
        failed = finish(soap, sequence);
    }
    if (!failed)
        printf("%d readings recorded\n", count);
    soap_wsrm_seq_free(soap, sequence);
    return failed;
}

/* ---- the program ---- */

static int run(struct soap *soap, struct soap_xmpp_link *link, int argc, char **argv)
{
    if (soap_register_plugin_arg(soap, soap_xmpp, link) || soap_register_plugin(soap, soap_wsa) ||
        soap_register_plugin(soap, soap_wsrm))
        return soap->error;
    await_answer = soap->fprepareinitrecv;
    soap->fprepareinitrecv = forget_and_await;
    if (strcmp(argv[2], "record") == 0)
        return record_all(soap, argv[1], argc - 3, argv + 3);
    return convert(soap, argv[1], strtod(argv[3], NULL), argc > 4 ? argv[4] : NULL,
                   argc > 5 ? argv[5] : NULL);
}

static int is_usage(int argc, char **argv)
{
    char *rest;
    int i, is_record = argc > 3 && strcmp(argv[2], "record") == 0;
    int is_convert = argc > 3 && argc < 7 && strcmp(argv[2], "convert") == 0;
    int numbers = is_record ? argc : 4;
    if (!is_record && !is_convert)
        return 0;
    for (i = 3; i < numbers; i++)
        if (strtod(argv[i], &rest), rest == argv[i] || *rest)
            return 0;
    return 1;
}

int main(int argc, char **argv)
{
    if (!is_usage(argc, argv)) {
        int help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link = NULL;
    char why[256];
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why) == 0)
        link = soap_xmpp_open(&config, why, sizeof why);
    if (!link) {
        fprintf(stderr, "relay-client: %s\n", why);
        return 2;
    }
    struct soap soap;
    soap_init(&soap);
    int failed = run(&soap, link, argc, argv);
    if (failed)
        soap_print_fault(&soap, stderr);
    soap_destroy(&soap);
    soap_end(&soap);
    soap_done(&soap);
    soap_xmpp_close(link);
    return failed ? 1 : 0;
}
