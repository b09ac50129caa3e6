/* Integration tests: through real servers, with real TLS and real stubs. Run by tools/with-servers.
 */
#include "../lib/suite.h"

#define SUITES(SUITE)                                                                              \
    SUITE(ground)                                                                                  \
    SUITE(hostile)                                                                                 \
    SUITE(hostile_login)                                                                           \
    SUITE(downgrade)                                                                               \
    SUITE(unruly)                                                                                  \
    SUITE(siege)                                                                                   \
    SUITE(thousand)                                                                                \
    SUITE(peer)                                                                                    \
    SUITE(budget)                                                                                  \
    SUITE(ambush)                                                                                  \
    SUITE(liveness)                                                                                \
    SUITE(comeback)                                                                                \
    SUITE(call)                                                                                    \
    SUITE(service)                                                                                 \
    SUITE(access)                                                                                  \
    SUITE(wire)                                                                                    \
    SUITE(presence)                                                                                \
    SUITE(resources)                                                                               \
    SUITE(name)                                                                                    \
    SUITE(limits)                                                                                  \
    SUITE(failure)                                                                                 \
    SUITE(delivery)                                                                                \
    SUITE(other_resource)                                                                          \
    SUITE(big)                                                                                     \
    SUITE(big_strangers)                                                                           \
    SUITE(big_storm)                                                                               \
    SUITE(message)                                                                                 \
    SUITE(mailbox)                                                                                 \
    SUITE(packed)                                                                                  \
    SUITE(fallback)                                                                                \
    SUITE(component)                                                                               \
    SUITE(shared)                                                                                  \
    SUITE(connect)                                                                                 \
    SUITE(certificate)                                                                             \
    SUITE(mechanisms)                                                                              \
    SUITE(accounts)                                                                                \
    SUITE(sessions)                                                                                \
    SUITE(death)                                                                                   \
    SUITE(fidelity)                                                                                \
    SUITE(foreign)                                                                                 \
    SUITE(storm)                                                                                   \
    SUITE(throttled)

#define DECLARE(name) extern CU_TestInfo tests_##name[];
#define LIST(name)    {#name, NULL, NULL, NULL, NULL, tests_##name},

SUITES(DECLARE)

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {SUITES(LIST) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
