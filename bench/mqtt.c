/* mqtt.c - the same envelopes by request and response of MQTT 5, through a broker on loopback.
 *
 * Noun: one MQTT client, QoS 0, on one thread.
 *
 *     call   publishes the request with a response topic and a correlation, many outstanding
 *     serve  publishes the answer there
 */
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/slice.h"

static const char usage[] = "usage: mqtt call|serve PORT FOLDER    the broker is at 127.0.0.1\n";

enum { KEEP_ALIVE_S = 600, WAIT_MS = 10000, PAYLOADS = 3, TOPIC_BYTES = 64 };

static const char *const payloads[PAYLOADS] = {"add", "records", "megabyte"};
static const char answers_topic[] = "bench/answers";

static struct slice slice;
static int64_t begun_ns[SLICE_OUTSTANDING]; /* by the correlation */
static unsigned under_way;
static char *bytes[PAYLOADS];
static unsigned long bytes_len[PAYLOADS];
static bool is_online;

static void must(int code)
{
    if (code != MOSQ_ERR_SUCCESS)
        slice_die("%s", mosquitto_strerror(code));
}

static void on_connect(struct mosquitto *client, void *topic, int code)
{
    if (code)
        slice_die("%s", mosquitto_connack_string(code));
    must(mosquitto_subscribe_v5(client, NULL, topic, 0, 0, NULL));
}

static void on_subscribe(struct mosquitto *client, void *topic, int id, int count, const int *qos)
{
    (void)client, (void)topic, (void)id, (void)count, (void)qos;
    is_online = true;
}

static unsigned find(const char *payload)
{
    for (unsigned i = 0; i < PAYLOADS; i++)
        if (strcmp(payloads[i], payload) == 0)
            return i;
    slice_die("no payload is called %s", payload);
}

/* ---- serve ---- */

static void answer(struct mosquitto *client, void *topic, const struct mosquitto_message *message,
                   const mosquitto_property *asked)
{
    unsigned which = find(strrchr(message->topic, '/') + 1);
    mosquitto_property *told = NULL;
    char *to = NULL;
    void *correlation = NULL;
    uint16_t len = 0;
    (void)topic;
    if (!mosquitto_property_read_string(asked, MQTT_PROP_RESPONSE_TOPIC, &to, false) ||
        !mosquitto_property_read_binary(asked, MQTT_PROP_CORRELATION_DATA, &correlation, &len,
                                        false))
        slice_die("a request without a response topic or a correlation");
    must(mosquitto_property_add_binary(&told, MQTT_PROP_CORRELATION_DATA, correlation, len));
    must(mosquitto_publish_v5(client, NULL, to, (int)bytes_len[which], bytes[which], 0, false,
                              told));
    mosquitto_property_free_all(&told);
    free(to);
    free(correlation);
}

/* ---- call ---- */

static void ask(struct mosquitto *client, unsigned number)
{
    unsigned which = find(slice.payload);
    mosquitto_property *told = NULL;
    char topic[TOPIC_BYTES];
    snprintf(topic, sizeof topic, "bench/requests/%s", payloads[which]);
    begun_ns[number] = slice_now_ns();
    must(mosquitto_property_add_string(&told, MQTT_PROP_RESPONSE_TOPIC, answers_topic));
    must(mosquitto_property_add_binary(&told, MQTT_PROP_CORRELATION_DATA, &number, sizeof number));
    must(mosquitto_publish_v5(client, NULL, topic, (int)bytes_len[which], bytes[which], 0, false,
                              told));
    mosquitto_property_free_all(&told);
    under_way++;
}

static void take_answer(struct mosquitto *client, void *topic,
                        const struct mosquitto_message *message, const mosquitto_property *told)
{
    void *correlation = NULL;
    unsigned number = SLICE_OUTSTANDING;
    uint16_t len = 0;
    (void)topic, (void)message;
    mosquitto_property_read_binary(told, MQTT_PROP_CORRELATION_DATA, &correlation, &len, false);
    if (len == sizeof number)
        memcpy(&number, correlation, sizeof number);
    free(correlation);
    if (number >= slice.outstanding)
        slice_die("an answer to nothing");
    under_way--;
    slice_done(&slice, begun_ns[number]);
    if (slice_asks(&slice))
        ask(client, number);
}

static void call_all(struct mosquitto *client)
{
    slice_ready();
    while (slice_read(&slice)) {
        for (unsigned i = 0; i < slice.outstanding && slice_asks(&slice); i++)
            ask(client, i);
        while (under_way)
            must(mosquitto_loop(client, WAIT_MS, 1));
        slice_print(&slice);
    }
}

static void serve_all(struct mosquitto *client)
{
    struct pollfd ends[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = mosquitto_socket(client), .events = POLLIN}};
    slice_ready();
    while (ends[0].revents == 0) {
        poll(ends, 2, -1);
        do
            must(mosquitto_loop(client, 0, 1));
        while (mosquitto_want_write(client));
    }
}

int main(int argc, char **argv)
{
    static char requests_topic[] = "bench/requests/+", answers[] = "bench/answers";
    bool serves = argc == 4 && strcmp(argv[1], "serve") == 0;
    struct mosquitto *client;
    if (argc != 4 || (!serves && strcmp(argv[1], "call") != 0)) {
        fputs(usage, stderr);
        return 2;
    }
    for (int i = 0; i < PAYLOADS; i++)
        bytes[i] = slice_file(argv[3], payloads[i], serves ? "answer" : "request", &bytes_len[i]);
    mosquitto_lib_init();
    client = mosquitto_new(NULL, true, serves ? requests_topic : answers);
    if (!client)
        slice_die("no memory");
    must(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5));
    must(mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1));
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_v5_callback_set(client, serves ? answer : take_answer);
    must(mosquitto_connect(client, "127.0.0.1", atoi(argv[2]), KEEP_ALIVE_S));
    while (!is_online)
        must(mosquitto_loop(client, WAIT_MS, 1));
    if (serves)
        serve_all(client);
    else
        call_all(client);
    mosquitto_destroy(client);
    mosquitto_lib_cleanup();
    for (int i = 0; i < PAYLOADS; i++)
        free(bytes[i]);
    return 0;
}
