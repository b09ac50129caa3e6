#!/bin/sh
# The service behind xmpp:calc@localhost/soap: `soap-xmpp serve --command` runs it for each request. The
# envelope is on standard input, the operation in the environment; what it prints belongs into the answer's Body.
awk -v operation="$SOAPXMPP_OPERATION" '
function value(name) { # the number in <name> or <prefix:name>
    if (!match(envelope, "<([A-Za-z0-9_.-]+:)?" name "([ \t][^>]*)?>[^<]*")) return ""
    found = substr(envelope, RSTART, RLENGTH)
    sub(/^[^>]*>/, "", found)
    return found
}
{ envelope = envelope $0 " " }
END {
    a = value("a")
    b = value("b")
    if (a !~ /[0-9]/ || b !~ /[0-9]/) fault("a and b are numbers")
    if (operation == "add") result = a + b
    else if (operation == "sub") result = a - b
    else if (operation == "mul") result = a * b
    else if (operation != "div") fault("no operation " operation)
    else if (b + 0 == 0) fault("division by zero")
    else result = a / b
    printf "<c:%sResponse xmlns:c=\"urn:soapxmpp:calculator\"><c:result>%.15g</c:result></c:%sResponse>\n",
        operation, result, operation
}
function fault(reason) { # its first line, and exit code 1, become a SOAP fault
    print reason > "/dev/stderr"
    exit 1
}'
