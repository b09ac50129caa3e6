/* device.h - a device of a fleet: one account, one link, one thread that serves `add`.
 *
 * Noun: the device. Nothing but the state callback is told about it, so that it costs what a link
 * and a service cost. Its link is configured by the environment but for the JID,
 * deviceN@DOMAIN/soap.
 *
 * Thread: one at a time, device_look any.
 */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;

/* The device's events since the last device_forget(); times by CLOCK_MONOTONIC, 0: not yet. */
struct device_events {
    bool online;
    int64_t lost_us, back_us; /* offline for the first time; online the last time */
    unsigned attempts;
    unsigned long served;
};

/* The sizes of two kinds of stack, each unlike any other in the process: the threads of the library
 * have the process's default. */
enum { DEVICE_SERVING_STACK = 160 << 10, DEVICE_LINK_STACK = 224 << 10 };

/* Before the first device: makes DEVICE_LINK_STACK the default. Dies if it can't. */
void device_choose_stacks(void);

/* Begins to connect; the caller's. changed is called with user, on the link's thread, whenever the
 * device's events have changed. Dies if memory, threads or a good configuration are lacking. */
struct device *device_open(const char *domain, long number, void (*changed)(void *), void *user);

void device_look(struct device *device, struct device_events *events);

/* What device_look tells counts from now on. */
void device_forget(struct device *device);

/* Ends its service and its link; blocks. */
void device_close(struct device *device);

#endif
