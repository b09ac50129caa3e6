/* fault.c - a fault envelope that the gateway writes itself.
 *
 * Invariant: whatever the texts are, the envelope is well-formed. Happy path: code, reason, detail.
 * Failure modes: no memory. */
#include "soap/fault.h"

#include "contract/text.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void put_attribute(struct ct_text *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    ct_text_print(out, " %s=\"", name);
    ct_text_put_xml(out, value);
    ct_text_put(out, "\"");
}

static void put_gateway(struct ct_text *out, const struct gw_fault *fault)
{
    ct_text_put(out, "<gateway xmlns=\"" GW_FAULT_NAMESPACE "\"");
    put_attribute(out, "condition", fault->condition);
    put_attribute(out, "outcome", fault->outcome);
    put_attribute(out, "endpoint", fault->endpoint);
    put_attribute(out, "trace", fault->trace);
    ct_text_put(out, "/>");
}

static void put_11(struct ct_text *out, const struct gw_fault *fault)
{
    ct_text_put(out, "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
                     "<s:Fault><faultcode>s:");
    ct_text_put(out, fault->is_sender ? "Client" : "Server");
    ct_text_put(out, "</faultcode><faultstring>");
    ct_text_put_xml(out, fault->reason);
    ct_text_put(out, "</faultstring><detail>");
    put_gateway(out, fault);
    ct_text_put(out, "</detail></s:Fault></s:Body></s:Envelope>");
}

static void put_12(struct ct_text *out, const struct gw_fault *fault)
{
    ct_text_put(out, "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
                     "<s:Fault><s:Code><s:Value>s:");
    ct_text_put(out, fault->is_sender ? "Sender" : "Receiver");
    ct_text_put(out, "</s:Value></s:Code><s:Reason><s:Text xml:lang=\"en\">");
    ct_text_put_xml(out, fault->reason);
    ct_text_put(out, "</s:Text></s:Reason><s:Detail>");
    put_gateway(out, fault);
    ct_text_put(out, "</s:Detail></s:Fault></s:Body></s:Envelope>");
}

char *gw_fault_write(const struct gw_fault *fault, size_t *bytes)
{
    struct ct_text out = {0};
    ct_text_put(&out, DECLARATION);
    if (fault->version == 12)
        put_12(&out, fault);
    else
        put_11(&out, fault);
    size_t len = out.len;
    char *envelope = ct_text_take(&out);
    if (envelope)
        *bytes = len;
    return envelope;
}
