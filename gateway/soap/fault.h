/* fault.h - a fault envelope that the gateway writes itself.
 *
 * Noun: the fault. Pure; any thread. Its detail tells programs what the sentence tells people:
 *   <gateway xmlns="urn:soap-xmpp:gateway:1" condition=".." outcome=".." endpoint=".." trace=".."/>
 */
#ifndef GW_FAULT_H
#define GW_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#define GW_FAULT_NAMESPACE "urn:soap-xmpp:gateway:1"

struct gw_fault {
    int version;    /* 11, 12 */
    bool is_sender; /* Sender or Client; else Receiver or Server */
    const char *reason, *condition, *outcome, *endpoint, *trace; /* "" where there is none */
};
/* malloc'ed, NUL-terminated; NULL without memory. */
char *gw_fault_write(const struct gw_fault *fault, size_t *bytes);

#endif
