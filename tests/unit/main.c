/* Unit tests: one suite per file of lib, without a server, without gSOAP. */
#include "../lib/suite.h"

#define SUITES(SUITE)                                                                              \
    SUITE(access)                                                                                  \
    SUITE(access_draft)                                                                            \
    SUITE(access_table)                                                                            \
    SUITE(acquaintance)                                                                            \
    SUITE(admission)                                                                               \
    SUITE(allocator)                                                                               \
    SUITE(answer_room)                                                                             \
    SUITE(api)                                                                                     \
    SUITE(backoff)                                                                                 \
    SUITE(base64)                                                                                  \
    SUITE(budget)                                                                                  \
    SUITE(buffer)                                                                                  \
    SUITE(bytestream)                                                                              \
    SUITE(checker)                                                                                 \
    SUITE(checker_glance)                                                                          \
    SUITE(clock)                                                                                   \
    SUITE(component)                                                                               \
    SUITE(config)                                                                                  \
    SUITE(config_component)                                                                        \
    SUITE(config_files)                                                                            \
    SUITE(connection)                                                                              \
    SUITE(copies)                                                                                  \
    SUITE(cost)                                                                                    \
    SUITE(delivery)                                                                                \
    SUITE(denial)                                                                                  \
    SUITE(descriptor)                                                                              \
    SUITE(detached)                                                                                \
    SUITE(disco)                                                                                   \
    SUITE(dns)                                                                                     \
    SUITE(domain)                                                                                  \
    SUITE(element)                                                                                 \
    SUITE(elsewhere)                                                                               \
    SUITE(envelope)                                                                                \
    SUITE(environment)                                                                             \
    SUITE(event)                                                                                   \
    SUITE(exchange)                                                                                \
    SUITE(reroute)                                                                                 \
    SUITE(fairness)                                                                                \
    SUITE(fault)                                                                                   \
    SUITE(features)                                                                                \
    SUITE(flood)                                                                                   \
    SUITE(gauge)                                                                                   \
    SUITE(glance)                                                                                  \
    SUITE(grant)                                                                                   \
    SUITE(heap)                                                                                    \
    SUITE(hex)                                                                                     \
    SUITE(hold)                                                                                    \
    SUITE(holders)                                                                                 \
    SUITE(hosts)                                                                                   \
    SUITE(identity)                                                                                \
    SUITE(inbox)                                                                                   \
    SUITE(jid)                                                                                     \
    SUITE(journal)                                                                                 \
    SUITE(link_bytestream)                                                                         \
    SUITE(flight)                                                                                  \
    SUITE(liveness)                                                                                \
    SUITE(load)                                                                                    \
    SUITE(log)                                                                                     \
    SUITE(login)                                                                                   \
    SUITE(login_states)                                                                            \
    SUITE(loop)                                                                                    \
    SUITE(markup)                                                                                  \
    SUITE(mechanism)                                                                               \
    SUITE(memory)                                                                                  \
    SUITE(message_call)                                                                            \
    SUITE(message_id)                                                                              \
    SUITE(names)                                                                                   \
    SUITE(namespace)                                                                               \
    SUITE(negotiation)                                                                             \
    SUITE(pace)                                                                                    \
    SUITE(outlet)                                                                                  \
    SUITE(pack)                                                                                    \
    SUITE(pages)                                                                                   \
    SUITE(passing)                                                                                 \
    SUITE(payload)                                                                                 \
    SUITE(password)                                                                                \
    SUITE(pem)                                                                                     \
    SUITE(phase)                                                                                   \
    SUITE(plain)                                                                                   \
    SUITE(policy)                                                                                  \
    SUITE(portion)                                                                                 \
    SUITE(preamble)                                                                                \
    SUITE(prep)                                                                                    \
    SUITE(presence)                                                                                \
    SUITE(query)                                                                                   \
    SUITE(protocol)                                                                                \
    SUITE(queue)                                                                                   \
    SUITE(quota)                                                                                   \
    SUITE(random)                                                                                  \
    SUITE(receive_message)                                                                         \
    SUITE(receive_presence)                                                                        \
    SUITE(receive_reply)                                                                           \
    SUITE(receive_request)                                                                         \
    SUITE(receiver)                                                                                \
    SUITE(receiver_pace)                                                                           \
    SUITE(receiver_room)                                                                           \
    SUITE(reconnect)                                                                               \
    SUITE(redirect)                                                                                \
    SUITE(repair)                                                                                  \
    SUITE(request_id)                                                                              \
    SUITE(resolver)                                                                                \
    SUITE(response)                                                                                \
    SUITE(retry)                                                                                   \
    SUITE(roster)                                                                                  \
    SUITE(routing)                                                                                 \
    SUITE(sasl)                                                                                    \
    SUITE(second_try)                                                                              \
    SUITE(scan)                                                                                    \
    SUITE(scram)                                                                                   \
    SUITE(secret)                                                                                  \
    SUITE(sender)                                                                                  \
    SUITE(sender_setback)                                                                          \
    SUITE(senders)                                                                                 \
    SUITE(session)                                                                                 \
    SUITE(share)                                                                                   \
    SUITE(shared)                                                                                  \
    SUITE(shared_jid)                                                                              \
    SUITE(shares)                                                                                  \
    SUITE(shipment)                                                                                \
    SUITE(shipments)                                                                               \
    SUITE(shortage)                                                                                \
    SUITE(shortage_calls)                                                                          \
    SUITE(shortage_connect)                                                                        \
    SUITE(shortage_link)                                                                           \
    SUITE(speed)                                                                                   \
    SUITE(stanza)                                                                                  \
    SUITE(stderr)                                                                                  \
    SUITE(stream)                                                                                  \
    SUITE(stream_error)                                                                            \
    SUITE(stream_header)                                                                           \
    SUITE(table)                                                                                   \
    SUITE(thread)                                                                                  \
    SUITE(timestamp)                                                                               \
    SUITE(tls)                                                                                     \
    SUITE(tls_context)                                                                             \
    SUITE(tls_binding)                                                                             \
    SUITE(token)                                                                                   \
    SUITE(trace)                                                                                   \
    SUITE(trust)                                                                                   \
    SUITE(turn)                                                                                    \
    SUITE(uri)                                                                                     \
    SUITE(utf8)                                                                                    \
    SUITE(window)

#define DECLARE(name) extern CU_TestInfo tests_##name[];
#define LIST(name)    {#name, NULL, NULL, NULL, NULL, tests_##name},

SUITES(DECLARE)

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {SUITES(LIST) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
