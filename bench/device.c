/* device.c - see device.h. */
#include "bench/device.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "soapH.h"
#include "records.nsmap"
#include "soap_xmpp.h"
#include "bench/slice.h"

enum { JID_BYTES = 256 };

struct device {
    /* immutable */
    struct soap_xmpp_link *link;
    struct soap *soap;
    pthread_t thread;
    void (*changed)(void *);
    void *user;
    /* under mu */
    pthread_mutex_t mu;
    struct device_events events;
};

int b__add(struct soap *soap, double a, double b, double *sum)
{
    (void)soap;
    *sum = a + b;
    return SOAP_OK;
}

int b__store(struct soap *soap, char *text, ULONG64 *bytes)
{
    (void)text;
    (void)bytes;
    return soap_receiver_fault(soap, "a device only adds", NULL);
}

int b__echo(struct soap *soap, struct b__Records *in, struct b__Records *out)
{
    (void)in;
    (void)out;
    return soap_receiver_fault(soap, "a device only adds", NULL);
}

void device_choose_stacks(void)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) ||
        pthread_attr_setstacksize(&attributes, DEVICE_LINK_STACK) ||
        pthread_setattr_default_np(&attributes))
        slice_die("no default stack of %d bytes", DEVICE_LINK_STACK);
    pthread_attr_destroy(&attributes);
}

static void note_state(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct device *device = user;
    struct device_events *events = &device->events;
    int64_t now_us = slice_now_ns() / 1000;
    (void)reason;
    pthread_mutex_lock(&device->mu);
    if (events->online && !events->lost_us)
        events->lost_us = now_us;
    events->online = state == SOAP_XMPP_ONLINE;
    events->attempts += state == SOAP_XMPP_CONNECTING;
    if (events->online)
        events->back_us = now_us;
    pthread_mutex_unlock(&device->mu);
    device->changed(device->user);
}

/* Not soap_xmpp_serve(), which would take a thread more to wait for its workers. */
static void *serve(void *arg)
{
    struct device *device = arg;
    while (soap_xmpp_accept(device->soap, 0) == SOAP_OK) {
        soap_serve(device->soap);
        soap_destroy(device->soap);
        soap_end(device->soap);
        pthread_mutex_lock(&device->mu);
        device->events.served++;
        pthread_mutex_unlock(&device->mu);
    }
    return NULL;
}

static void start_serving(struct device *device)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) ||
        pthread_attr_setstacksize(&attributes, DEVICE_SERVING_STACK) ||
        pthread_create(&device->thread, &attributes, serve, device))
        slice_die("no thread for a device");
    pthread_attr_destroy(&attributes);
}

struct device *device_open(const char *domain, long number, void (*changed)(void *), void *user)
{
    struct soap_xmpp_config config;
    struct device *device = calloc(1, sizeof *device);
    char why[256] = "", jid[JID_BYTES];
    soap_xmpp_config_init(&config);
    if (!device || pthread_mutex_init(&device->mu, NULL))
        slice_die("no memory for a device");
    if (soap_xmpp_config_from_env(&config, why, sizeof why))
        slice_die("%s", why);
    snprintf(jid, sizeof jid, "device%ld@%s/soap", number, domain);
    config.jid = jid;
    config.state_callback = note_state;
    config.state_user = device;
    device->changed = changed;
    device->user = user;
    device->link = soap_xmpp_open(&config, why, sizeof why);
    if (!device->link)
        slice_die("%s", why);
    device->soap = soap_new();
    if (!device->soap || soap_register_plugin_arg(device->soap, soap_xmpp, device->link))
        slice_die("no context for a device");
    start_serving(device);
    return device;
}

void device_look(struct device *device, struct device_events *events)
{
    pthread_mutex_lock(&device->mu);
    *events = device->events;
    pthread_mutex_unlock(&device->mu);
}

void device_forget(struct device *device)
{
    pthread_mutex_lock(&device->mu);
    device->events = (struct device_events){.online = device->events.online};
    pthread_mutex_unlock(&device->mu);
}

void device_close(struct device *device)
{
    soap_xmpp_stop(device->link, 0);
    pthread_join(device->thread, NULL);
    soap_destroy(device->soap);
    soap_end(device->soap);
    soap_free(device->soap);
    soap_xmpp_close(device->link);
    pthread_mutex_destroy(&device->mu);
    free(device);
}
