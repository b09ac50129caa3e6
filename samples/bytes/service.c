/* bytes-service - answers each request with the envelope of a file: a service without stubs, in a
 * loop of its own.
 *
 * Happy path: the file is read -> take, answer... -> poll -> SIGINT or SIGTERM: what waits is
 * answered, then take says that the link is stopped.
 * Failure: an answer that can't be carried is refused, and its caller is told why.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

static const char usage[] =
    "usage: bytes-service OPERATION FILE   until SIGINT or SIGTERM\n"
    "  answers OPERATION with the envelope in FILE, declines all others\n"
    "environment: SOAP_XMPP_JID, SOAP_XMPP_PASSWORD; docs/configuration.md lists more\n"
    "  SOAP_XMPP_ALLOW: who may call, 'alice@example.org:{urn:x}add'; default: nobody\n"
    "exit code: 0 stopped, 1 failed, 2 wrong usage or configuration\n";

enum { TEXT_BYTES = 4096, READ_BYTES = 4096 };

static struct soap_xmpp_link *service;

static void stop(int number)
{
    (void)number;
    soap_xmpp_interrupt(service);
}

/* malloc'ed; NULL: it can't be read. */
static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL, *grown;
    size_t got = 1;
    for (*len = 0; file && got; *len += got) {
        grown = realloc(bytes, *len + READ_BYTES);
        if (!grown)
            break;
        bytes = grown;
        got = fread(bytes + *len, 1, READ_BYTES, file);
    }
    if (!file || got || ferror(file)) {
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    return bytes;
}

/* How many bytes the request has; -1: they are damaged. A program would parse them. */
static long measure(struct soap_xmpp_request *request, char *why, size_t why_bytes)
{
    char bytes[READ_BYTES];
    long got, len = 0;
    while ((got = soap_xmpp_request_read(request, bytes, sizeof bytes, why, why_bytes)) > 0)
        len += got;
    return got < 0 ? -1 : len;
}

/* The request ends here, in one of three ways. */
static void serve(struct soap_xmpp_request *request, const char *operation, const char *answer,
                  size_t answer_len)
{
    char why[TEXT_BYTES];
    long len;
    if (strcmp(soap_xmpp_request_operation(request), operation) != 0) {
        soap_xmpp_decline(request, "item-not-found", "there is no such operation here");
        return;
    }
    len = measure(request, why, sizeof why);
    if (len < 0) {
        soap_xmpp_decline(request, "bad-request", why); /* it has certainly not run */
        return;
    }
    printf("%s sent %ld bytes\n", soap_xmpp_request_from(request), len);
    if (soap_xmpp_answer(request, answer, answer_len, why, sizeof why)) {
        fprintf(stderr, "bytes-service: %s\n", why);
        soap_xmpp_refuse(request, why); /* it is still ours */
    }
}

/* Other descriptors of the program stand beside the link's in fds. */
static void run(const char *operation, const char *answer, size_t answer_len)
{
    struct pollfd fds[] = {{soap_xmpp_fd(service), POLLIN, 0}};
    struct soap_xmpp_request *request;
    int is_stopped = 0;
    for (;;) {
        while ((request = soap_xmpp_take(service, 0, &is_stopped)) != NULL)
            serve(request, operation, answer, answer_len);
        if (is_stopped)
            return;
        (void)poll(fds, 1, -1);
    }
}

int main(int argc, char **argv)
{
    struct soap_xmpp_config config;
    char text[TEXT_BYTES], *answer;
    size_t answer_len;
    if (argc != 3) {
        int help = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    answer = read_file(argv[2], &answer_len);
    snprintf(text, sizeof text, "%s can't be read", argv[2]);
    soap_xmpp_config_init(&config);
    config.trace = SOAP_XMPP_TRACE_INFO; /* tells who was refused; SOAP_XMPP_TRACE may differ */
    if (answer && soap_xmpp_config_from_env(&config, text, sizeof text) == 0)
        service = soap_xmpp_open(&config, text, sizeof text);
    if (!service || soap_xmpp_fd(service) < 0) {
        fprintf(stderr, "bytes-service: %s\n", text);
        free(answer);
        return 2;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (soap_xmpp_wait_online(service, -1) == 0) { /* if not, it goes on trying */
        soap_xmpp_jid(service, text, sizeof text);
        printf("online as %s\n", text);
    }
    run(argv[1], answer, answer_len);
    signal(SIGINT, SIG_DFL); /* the handler must not see a closed link */
    signal(SIGTERM, SIG_DFL);
    soap_xmpp_close(service);
    free(answer);
    return 0;
}
