/* payload.c - see payload.h. */
#include "bench/payload.h"

#include "bench/slice.h"

enum { RECORDS = 900, MEGABYTE_RECORDS = 12000, NAME_BYTES = 16 };

static struct b__Records chosen; /* none: add */

static void make_records(int count)
{
    static char names[MEGABYTE_RECORDS][NAME_BYTES];
    static struct b__Record records[MEGABYTE_RECORDS];
    for (int i = 0; i < count; i++) {
        snprintf(names[i], NAME_BYTES, "item%07d", i);
        records[i].name = names[i];
        records[i].quantity = i;
        records[i].price = 10.25 + i;
    }
    chosen.record = records;
}

void payload_choose(const char *name)
{
    if (strcmp(name, "add") == 0)
        chosen.__sizerecord = 0;
    else if (strcmp(name, "records") == 0)
        chosen.__sizerecord = RECORDS;
    else if (strcmp(name, "megabyte") == 0)
        chosen.__sizerecord = MEGABYTE_RECORDS;
    else
        slice_die("no payload is called %s", name);
    if (chosen.__sizerecord)
        make_records(chosen.__sizerecord);
}

int payload_send(struct soap *soap, const char *endpoint)
{
    if (chosen.__sizerecord)
        return soap_send_b__echo(soap, endpoint, NULL, &chosen);
    return soap_send_b__add(soap, endpoint, NULL, 1, 2);
}

int payload_receive(struct soap *soap)
{
    struct b__Records back;
    double sum = 0;
    if (!chosen.__sizerecord) {
        if (soap_recv_b__add(soap, &sum))
            return soap->error;
        return sum == 3 ? SOAP_OK : soap_receiver_fault(soap, "a wrong sum", NULL);
    }
    if (soap_recv_b__echo(soap, &back))
        return soap->error;
    return back.__sizerecord == chosen.__sizerecord
               ? SOAP_OK
               : soap_receiver_fault(soap, "records are missing", NULL);
}
