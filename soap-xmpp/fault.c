/* fault.c - the envelope of a SOAP fault.
 *
 * Invariant: whatever the reason is, the envelope is well-formed. */
#include "fault.h"

void fault_write(int version, const char *reason, struct ct_text *out)
{
    if (version == 11) {
        ct_text_put(out,
                    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
                    "<s:Fault><faultcode>s:Client</faultcode><faultstring>");
        ct_text_put_xml(out, reason);
        ct_text_put(out, "</faultstring></s:Fault></s:Body></s:Envelope>");
        return;
    }
    ct_text_put(out,
                "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><s:Fault>"
                "<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason>"
                "<s:Text xml:lang=\"en\">");
    ct_text_put_xml(out, reason);
    ct_text_put(out, "</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>");
}
