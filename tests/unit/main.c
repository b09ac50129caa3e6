/* Unit tests: one suite per file of lib, without a server, without gSOAP. */
#include "../lib/suite.h"

#define SUITES(SUITE)                                                                              \
    SUITE(access)                                                                                  \
    SUITE(acquaintance)                                                                            \
    SUITE(jid)                                                                                     \
    SUITE(backoff)                                                                                 \
    SUITE(base64)                                                                                  \
    SUITE(buffer)                                                                                  \
    SUITE(policy)                                                                                  \
    SUITE(clock)                                                                                   \
    SUITE(component)                                                                               \
    SUITE(config)                                                                                  \
    SUITE(copies)                                                                                  \
    SUITE(shared_jid)                                                                              \
    SUITE(shared)                                                                                  \
    SUITE(detached)                                                                                \
    SUITE(features)                                                                                \
    SUITE(envelope)                                                                                \
    SUITE(environment)                                                                             \
    SUITE(exchange)                                                                                \
    SUITE(fairness)                                                                                \
    SUITE(fault)                                                                                   \
    SUITE(flood)                                                                                   \
    SUITE(gauge)                                                                                   \
    SUITE(glance)                                                                                  \
    SUITE(hold)                                                                                    \
    SUITE(queue)                                                                                   \
    SUITE(receiver)                                                                                \
    SUITE(receiver_room)                                                                           \
    SUITE(receive)                                                                                 \
    SUITE(journal)                                                                                 \
    SUITE(loop)                                                                                    \
    SUITE(message_call)                                                                            \
    SUITE(markup)                                                                                  \
    SUITE(allocator)                                                                               \
    SUITE(failover)                                                                                \
    SUITE(receive_message)                                                                         \
    SUITE(message_id)                                                                              \
    SUITE(namespace)                                                                               \
    SUITE(pack)                                                                                    \
    SUITE(window)                                                                                  \
    SUITE(pages)                                                                                   \
    SUITE(payload)                                                                                 \
    SUITE(passing)                                                                                 \
    SUITE(plain)                                                                                   \
    SUITE(roster)                                                                                  \
    SUITE(liveness)                                                                                \
    SUITE(retry)                                                                                   \
    SUITE(resolver)                                                                                \
    SUITE(scan)                                                                                    \
    SUITE(sha1)                                                                                    \
    SUITE(shipment)                                                                                \
    SUITE(shortage)                                                                                \
    SUITE(shortage_calls)                                                                          \
    SUITE(shortage_connect)                                                                        \
    SUITE(shortage_link)                                                                           \
    SUITE(stanza)                                                                                  \
    SUITE(timestamp)                                                                               \
    SUITE(stream)                                                                                  \
    SUITE(tls)                                                                                     \
    SUITE(trace)                                                                                   \
    SUITE(sender)                                                                                  \
    SUITE(sender_setback)                                                                          \
    SUITE(senders)

#define DECLARE(name) extern CU_TestInfo tests_##name[];
#define LIST(name)    {#name, NULL, NULL, NULL, NULL, tests_##name},

SUITES(DECLARE)

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {SUITES(LIST) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
