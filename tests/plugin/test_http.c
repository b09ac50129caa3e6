/* HTTP on the same struct soap: nothing of it may change because XMPP calls come in between. */
#include "ground.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a gSOAP server -------------------------------------------------------------------------- */

struct http_server {
    struct soap *soap;
    pthread_t thread;
    int port;
    atomic_int connections;
    atomic_bool stopping;
};

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len))
        abort();
    return ntohs(address.sin_port);
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
        abort();
    return fd;
}

static void *run_server(void *arg)
{
    struct http_server *server = arg;
    while (soap_valid_socket(soap_accept(server->soap)) && !server->stopping) {
        server->connections++;
        soap_serve(server->soap);
        soap_destroy(server->soap);
        soap_end(server->soap);
    }
    return NULL;
}

/* With the plugin if there is a link. */
static void bind_server(struct http_server *server, struct soap_xmpp_link *link)
{
    memset(server, 0, sizeof *server);
    server->soap = link ? ground_context(link, SOAP_IO_KEEPALIVE | SOAP_IO_BUFFER)
                        : soap_new1(SOAP_IO_KEEPALIVE);
    server->soap->recv_timeout = 10;
    if (!soap_valid_socket(soap_bind(server->soap, "127.0.0.1", 0, 10)))
        abort();
    server->port = port_of(server->soap->master);
}

static void run_server_thread(struct http_server *server)
{
    if (pthread_create(&server->thread, NULL, run_server, server))
        abort();
}

static void start_server(struct http_server *server)
{
    bind_server(server, NULL);
    run_server_thread(server);
}

static void stop_server(struct http_server *server)
{
    server->stopping = true;
    close(connect_to(server->port));
    pthread_join(server->thread, NULL);
    ground_free(server->soap);
}

/* ---- a socket that keeps what it gets ---- */

struct recorder {
    int fd, port;
    pthread_t thread;
    char request[20000];
};

/* One HTTP request, answered with the sum 3; ends at the closing tag. */
static void *run_recorder(void *arg)
{
    static const char answer[] = ADD_RESPONSE("3");
    struct recorder *recorder = arg;
    char head[200];
    size_t len = 0;
    ssize_t n;
    int fd = accept(recorder->fd, NULL, NULL);
    while (!strstr(recorder->request, ":Envelope>") && len < sizeof recorder->request - 1 &&
           (n = recv(fd, recorder->request + len, sizeof recorder->request - 1 - len, 0)) > 0)
        len += (size_t)n;
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n",
             sizeof answer - 1);
    if (send(fd, head, strlen(head), MSG_NOSIGNAL) < 0 ||
        send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
        perror("recorder");
    close(fd);
    return NULL;
}

static void start_recorder(struct recorder *recorder)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    memset(recorder, 0, sizeof *recorder);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    recorder->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(recorder->fd, (struct sockaddr *)&address, sizeof address) ||
        listen(recorder->fd, 1) || pthread_create(&recorder->thread, NULL, run_recorder, recorder))
        abort();
    recorder->port = port_of(recorder->fd);
}

static void stop_recorder(struct recorder *recorder)
{
    pthread_join(recorder->thread, NULL);
    close(recorder->fd);
}

static const char *http_endpoint(int port)
{
    static char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", port);
    return endpoint;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void keeps_alive(void)
{
    struct soap *soap = ground_context(ground.near, SOAP_IO_KEEPALIVE);
    struct http_server server;
    const char *http;
    double quotient;
    int i, fd;
    start_server(&server);
    http = http_endpoint(server.port);
    for (i = 0; i < 30; i++)
        ASSERT_ADD(soap, i % 3 ? http : CALC, i, 1);
    fd = soap->socket;
    ASSERT_ADD(soap, CALC, 1, 1);
    CU_ASSERT(soap_valid_socket(fd) && soap->socket == fd);
    loopback_set_offline(ground.near, SX_EOFFLINE);
    CU_ASSERT_EQUAL(soap_call_calc__div(soap, CALC, NULL, 1, 1, &quotient), SOAP_TCP_ERROR);
    loopback_set_offline(ground.near, SX_OK);
    ASSERT_ADD(soap, http, 1, 1);
    CU_ASSERT_EQUAL(soap_send_calc__note(soap, CALC, NULL, (char *)"forgotten"), SOAP_OK);
    ASSERT_ADD(soap, http, 1, 1);
    soap->recv_timeout = -10000;
    ground_shut_gate();
    CU_ASSERT_EQUAL(soap_call_calc__slow(soap, CALC, NULL, 1, 1, &quotient), SOAP_EOF);
    ground_open_gate();
    soap->recv_timeout = 10;
    ASSERT_ADD(soap, http, 1, 1); /* without soap_end(), which closes for SOAP_EOF itself */
    CU_ASSERT_EQUAL(server.connections, 1);
    CU_ASSERT_EQUAL(soap->omode, SOAP_IO_KEEPALIVE);
    CU_ASSERT_EQUAL(soap->imode, SOAP_IO_KEEPALIVE);
    ground_free(soap);
    stop_server(&server);
}

static void every_mode(void)
{
    static const soap_mode modes[] = {SOAP_IO_FLUSH, SOAP_IO_BUFFER, SOAP_IO_STORE, SOAP_IO_CHUNK,
                                      SOAP_ENC_MTOM};
    struct http_server server;
    double quotient;
    size_t i;
    start_server(&server);
    for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct soap *soap = ground_context(ground.near, modes[i]);
        const char *http = http_endpoint(server.port);
        ASSERT_ADD(soap, http, 1, 2);
        ASSERT_ADD(soap, CALC, 1, 2);
        ASSERT_ADD(soap, http, 1, 2);
        ASSERT_ADD(soap, http, 1, 2);
        CU_ASSERT_EQUAL(soap_call_calc__div(soap, CALC, NULL, 1, 0, &quotient), SOAP_CLI_FAULT);
        CU_ASSERT_EQUAL(soap_call_calc__div(soap, http, NULL, 1, 0, &quotient), SOAP_CLI_FAULT);
        CU_ASSERT_EQUAL(soap_send_calc__note(soap, http, NULL, (char *)"x"), SOAP_OK);
        CU_ASSERT_EQUAL(soap_recv_empty_response(soap), SOAP_OK);
        CU_ASSERT_EQUAL(soap->omode, modes[i]);
        ground_free(soap);
    }
    stop_server(&server);
}

static void no_credentials(void)
{
    struct soap *soap = ground.client;
    struct recorder recorder;
    double sum;
    char *body, *length;
    ASSERT_ADD(soap, CALC, 1, 2);
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, "xmpp:calc@example.org?x", NULL, 1, 2, &sum),
                    SOAP_USER_ERROR);
    CU_ASSERT_PTR_NULL(soap->userid);
    ASSERT_ADD(soap, CALC, 1, 2);
    start_recorder(&recorder);
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, http_endpoint(recorder.port), NULL, 1, 2, &sum),
                    SOAP_OK);
    stop_recorder(&recorder);
    ASSERT_CONTAINS(recorder.request, "POST / HTTP/1.1");
    ASSERT_CONTAINS(recorder.request, "<?xml version");
    ASSERT_LACKS(recorder.request, "Authorization");
    body = strstr(recorder.request, "\r\n\r\n");
    length = strstr(recorder.request, "Content-Length: ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    CU_ASSERT_PTR_NOT_NULL_FATAL(length);
    CU_ASSERT(strlen(body + 4) + 2 >= (size_t)atoi(length + 16)); /* a line break may be missing */
    CU_ASSERT(atoi(length + 16) > 300);
}

static void wrong_guess(void)
{
    struct soap *soap = ground_context(ground.near, SOAP_IO_BUFFER);
    struct recorder recorder;
    double sum;
    const char *length;
    ASSERT_ADD(soap, CALC, 1, 2); /* the next call's count pass is skipped */
    start_recorder(&recorder);
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, http_endpoint(recorder.port), NULL, 1, 2, &sum),
                    SOAP_OK);
    stop_recorder(&recorder);
    length = strstr(recorder.request, "Content-Length: ");
    CU_ASSERT(length && atoi(length + 16) > 300);
    CU_ASSERT_EQUAL(soap->omode, SOAP_IO_BUFFER);
    CU_ASSERT_EQUAL(soap_send_calc__note(soap, CALC, NULL, (char *)"left alone"), SOAP_OK);
    start_recorder(&recorder);
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, http_endpoint(recorder.port), NULL, 1, 2, &sum),
                    SOAP_OK);
    stop_recorder(&recorder);
    length = strstr(recorder.request, "Content-Length: ");
    CU_ASSERT(length && atoi(length + 16) > 300);
    ground_free(soap);
}

static void lists(void)
{
    struct soap *soap = ground.client;
    struct http_server server;
    char endpoints[200];
    start_server(&server);
    ASSERT_ADD(soap, "http://127.0.0.1:1 " CALC, 1, 2);
    loopback_set_offline(ground.near, SX_EOFFLINE);
    snprintf(endpoints, sizeof endpoints, "%s %s", CALC, http_endpoint(server.port));
    ASSERT_ADD(soap, endpoints, 1, 2);
    CU_ASSERT_EQUAL(server.connections, 1);
    stop_server(&server);
}

static void closes_parked(void)
{
    struct soap *soap = ground_context(ground.near, SOAP_IO_KEEPALIVE);
    struct http_server server;
    int fd;
    start_server(&server);
    ASSERT_ADD(soap, http_endpoint(server.port), 1, 2);
    fd = soap->socket;
    CU_ASSERT(soap_valid_socket(fd));
    CU_ASSERT_EQUAL(soap_send_calc__add(soap, CALC, NULL, 1, 2), SOAP_OK);
    CU_ASSERT(!soap_valid_socket(soap->socket));
    soap_dealloc(soap, NULL);
    soap_free(soap); /* with a call under way and the HTTP socket parked */
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), -1);
    stop_server(&server);
}

static void changes_server(void)
{
    struct soap *soap = ground_context(ground.near, SOAP_IO_KEEPALIVE);
    struct http_server first, second;
    char one[64], two[64];
    start_server(&first);
    start_server(&second);
    snprintf(one, sizeof one, "%s", http_endpoint(first.port));
    snprintf(two, sizeof two, "%s", http_endpoint(second.port));
    ASSERT_ADD(soap, one, 1, 2);
    ASSERT_ADD(soap, CALC, 1, 2);
    ASSERT_ADD(soap, two, 1, 2);
    ASSERT_ADD(soap, CALC, 1, 2);
    ASSERT_ADD(soap, two, 1, 2);
    CU_ASSERT_EQUAL(first.connections, 1);
    CU_ASSERT_EQUAL(second.connections, 1);
    ground_free(soap);
    stop_server(&first);
    stop_server(&second);
}

static void udp(void)
{
    struct soap *soap = ground.client;
    struct sockaddr_in address = {.sin_family = AF_INET};
    char endpoint[64], datagram[4000];
    ssize_t len;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    snprintf(endpoint, sizeof endpoint, "soap.udp://127.0.0.1:%d", port_of(fd));
    ASSERT_ADD(soap, CALC, 1, 2);
    CU_ASSERT_EQUAL(soap_send_calc__note(soap, endpoint, NULL, (char *)"by datagram"), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(soap), SOAP_OK);
    len = recv(fd, datagram, sizeof datagram - 1, 0);
    datagram[len < 0 ? 0 : len] = '\0';
    ASSERT_CONTAINS(datagram, "by datagram");
    ASSERT_ADD(soap, CALC, 1, 2);
    CU_ASSERT(soap->omode & SOAP_IO_UDP); /* as gSOAP leaves it after a datagram */
    close(fd);
}

static int relay_then_answer(struct soap *soap, const char *endpoint)
{
    double sum;
    return soap_call_calc__relay(soap, endpoint, NULL, (char *)CALC, 1, 2, &sum) || sum != 3
               ? soap->error
               : SOAP_OK;
}

/* The length of an HTTP response comes from the count pass that XMPP calls save. */
static void serves_http(void)
{
    struct http_server server;
    struct soap *soap = ground_context(ground.near, SOAP_IO_KEEPALIVE);
    int i;
    bind_server(&server, ground.near);
    ASSERT_ADD(server.soap, CALC, 1, 2);
    ASSERT_ADD(server.soap, CALC, 1, 2);
    run_server_thread(&server);
    for (i = 0; i < 3; i++) {
        ASSERT_ADD(soap, http_endpoint(server.port), 1, 2);
        CU_ASSERT_EQUAL(relay_then_answer(soap, http_endpoint(server.port)), SOAP_OK);
    }
    ground_free(soap);
    stop_server(&server);
}

/* As soap_wsrm_resend() sends the bytes of an earlier message. */
static void sends_bytes(void)
{
    static const char add[] =
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/envelope/'>"
        "<SOAP-ENV:Body><c:add xmlns:c='urn:soapxmpp:test:calc'><a>1</a><b>2</b></c:add>"
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>";
    struct http_server server;
    struct soap *soap = ground.client;
    start_server(&server);
    soap->omode |= SOAP_ENC_PLAIN;
    CU_ASSERT_EQUAL(soap_connect(soap, CALC, NULL), SOAP_OK);
    CU_ASSERT_EQUAL(soap_send_raw(soap, add, sizeof add - 1), SOAP_OK);
    CU_ASSERT_EQUAL(soap_end_send(soap), SOAP_OK);
    soap->omode &= ~(soap_mode)SOAP_ENC_PLAIN;
    CU_ASSERT_EQUAL(soap_begin_recv(soap), SOAP_OK);
    (void)soap_ignore_element(soap);
    (void)soap_end_recv(soap);
    (void)soap_closesock(soap);
    CU_ASSERT_EQUAL(soap->omode, SOAP_IO_DEFAULT);
    ASSERT_ADD(soap, http_endpoint(server.port), 1, 2);
    stop_server(&server);
}

CU_TestInfo tests_http[] = {
    {"HTTP keeps its one connection while XMPP calls come, fail and time out", keeps_alive},
    {"HTTP works in every mode before and after XMPP calls", every_mode},
    {"no JID goes out as HTTP credentials", no_credentials},
    {"the HTTP request after an XMPP call has its length", wrong_guess},
    {"lists of endpoints mix both", lists},
    {"a parked HTTP connection is closed with its context", closes_parked},
    {"a change of HTTP server between XMPP calls is noticed", changes_server},
    {"a datagram between XMPP calls goes out as one", udp},
    {"a context that calls over XMPP serves HTTP", serves_http},
    {"HTTP has its header after bytes were sent over XMPP", sends_bytes},
    CU_TEST_INFO_NULL,
};
