#include "envelope.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *namespace_of(int version)
{
    return version == 11 ? "http://schemas.xmlsoap.org/soap/envelope/"
                         : "http://www.w3.org/2003/05/soap-envelope";
}

__attribute__((format(printf, 1, 2))) static char *print(const char *format, ...)
{
    va_list args;
    char *out;
    int printed;
    va_start(args, format);
    printed = vasprintf(&out, format, args);
    va_end(args);
    if (printed < 0)
        abort();
    return out;
}

static char *print_body(int version, const char *body)
{
    return print("<e:Envelope xmlns:e=\"%s\"><e:Body>%s</e:Body></e:Envelope>",
                 namespace_of(version), body);
}

char *envelope_write(int version, const char *operation, const char *inside)
{
    char *body = print("<b:%s xmlns:b=\"" BYTES_NS "\">%s</b:%s>", operation, inside, operation);
    char *out = print_body(version, body);
    free(body);
    return out;
}

char *envelope_write_big(int version, const char *operation, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char before[] = "<text>", behind[] = "</text>";
    char *inside = malloc(sizeof before + len + sizeof behind), *out;
    uint64_t state = 88172645463325252u;
    size_t i;
    if (!inside)
        abort();
    memcpy(inside, before, sizeof before - 1);
    for (i = 0; i < len; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        inside[sizeof before - 1 + i] = letters[state >> 58];
    }
    memcpy(inside + sizeof before - 1 + len, behind, sizeof behind);
    out = envelope_write(version, operation, inside);
    free(inside);
    return out;
}

char *envelope_write_fault(int version, const char *reason)
{
    char *fault = version == 11
                      ? print("<e:Fault><faultcode>e:Client</faultcode><faultstring>%s"
                              "</faultstring></e:Fault>",
                              reason)
                      : print("<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason>"
                              "<e:Text xml:lang=\"en\">%s</e:Text></e:Reason></e:Fault>",
                              reason);
    char *out = print_body(version, fault);
    free(fault);
    return out;
}
