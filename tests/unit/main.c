/* Unit tests: one suite per file of lib, without a server, without gSOAP. */
#include "../lib/suite.h"

#define SUITES(SUITE)                                                                              \
    SUITE(access)                                                                                  \
    SUITE(acquaintance)                                                                            \
    SUITE(address)                                                                                 \
    SUITE(backoff)                                                                                 \
    SUITE(base64)                                                                                  \
    SUITE(buffer)                                                                                  \
    SUITE(choice)                                                                                  \
    SUITE(clock)                                                                                   \
    SUITE(component)                                                                               \
    SUITE(config)                                                                                  \
    SUITE(copies)                                                                                  \
    SUITE(dealing)                                                                                 \
    SUITE(dealt)                                                                                   \
    SUITE(detached)                                                                                \
    SUITE(disco)                                                                                   \
    SUITE(envelope)                                                                                \
    SUITE(environment)                                                                             \
    SUITE(exchange)                                                                                \
    SUITE(fairness)                                                                                \
    SUITE(fault)                                                                                   \
    SUITE(flood)                                                                                   \
    SUITE(gauge)                                                                                   \
    SUITE(glance)                                                                                  \
    SUITE(held)                                                                                    \
    SUITE(inbound)                                                                                 \
    SUITE(intake)                                                                                  \
    SUITE(intake_room)                                                                             \
    SUITE(iq)                                                                                      \
    SUITE(journal)                                                                                 \
    SUITE(loop)                                                                                    \
    SUITE(mailed)                                                                                  \
    SUITE(markup)                                                                                  \
    SUITE(memory)                                                                                  \
    SUITE(moving)                                                                                  \
    SUITE(message)                                                                                 \
    SUITE(name)                                                                                    \
    SUITE(namespace)                                                                               \
    SUITE(pack)                                                                                    \
    SUITE(pace)                                                                                    \
    SUITE(pages)                                                                                   \
    SUITE(payload)                                                                                 \
    SUITE(passing)                                                                                 \
    SUITE(plain)                                                                                   \
    SUITE(presence)                                                                                \
    SUITE(pulse)                                                                                   \
    SUITE(resend)                                                                                  \
    SUITE(resolve)                                                                                 \
    SUITE(scan)                                                                                    \
    SUITE(sha1)                                                                                    \
    SUITE(shipment)                                                                                \
    SUITE(shortage)                                                                                \
    SUITE(shortage_calls)                                                                          \
    SUITE(shortage_connect)                                                                        \
    SUITE(shortage_link)                                                                           \
    SUITE(stanza)                                                                                  \
    SUITE(stamp)                                                                                   \
    SUITE(stream)                                                                                  \
    SUITE(tls)                                                                                     \
    SUITE(trace)                                                                                   \
    SUITE(transfer)                                                                                \
    SUITE(transfer_setback)                                                                        \
    SUITE(transfers)

#define DECLARE(name) extern CU_TestInfo tests_##name[];
#define LIST(name)    {#name, NULL, NULL, NULL, NULL, tests_##name},

SUITES(DECLARE)

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {SUITES(LIST) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
