/* descriptor.h - a socket's descriptor, moved out of the way of those that must be low.
 *
 * libstrophe waits with select(), which has no room from 1,024 on: HTTP takes the numbers above.
 * Any thread. */
#ifndef GW_DESCRIPTOR_H
#define GW_DESCRIPTOR_H

enum { GW_DESCRIPTOR_LEAST = 1100 };

/* The same socket by a number of GW_DESCRIPTOR_LEAST or more, closed at an exec; the low one is
 * closed. A process that may not have so many keeps the low one. -1: there is none left, and
 * descriptor is closed. */
int gw_descriptor_raise(int descriptor);

#endif
