/* glance.h - one look at an envelope: what it is, and what a gateway must know of it.
 *
 * Noun: the glance. One pass of expat over well-formed XML without a DOCTYPE (soap_xmpp_clean());
 * bounded in depth. */
#ifndef GW_GLANCE_H
#define GW_GLANCE_H

#include <stdbool.h>
#include <stddef.h>

enum gw_fault_code {
    GW_FAULT_NONE,
    GW_FAULT_SENDER,
    GW_FAULT_RECEIVER,
    GW_FAULT_MUST_UNDERSTAND,
    GW_FAULT_OTHER
};

struct gw_glance {
    int version;              /* 11, 12 */
    char operation[128];      /* the body's first child, local name; "" of an empty body */
    char namespace_[256];     /* its namespace */
    enum gw_fault_code fault; /* Sender: Client, too; of an element Fault in the body */
    char message_id[256];     /* wsa:MessageID, "" if none or longer */
    bool has_long_id;         /* it is longer */
    char action[256];         /* wsa:Action, likewise */
    bool is_signed;           /* it holds a ds:Signature */
    bool has_cargo;           /* a block as gw_cargo_put() makes one (cargo.h) */
};

/* 0, or -1 with one sentence in why, errno as gw_scan_read() has it: no XML, no envelope of
 * SOAP 1.1 or 1.2. Any thread. */
int gw_glance_read(struct gw_glance *glance, const char *envelope, size_t bytes, char *why,
                   size_t why_bytes);

#endif
