/* Calls and services as bytes, through real servers, by a program that knows no gSOAP: it has the
 * core's shared library alone, and of it what soap_xmpp.h declares. Run by tools/with-servers.
 *
 * As "peer" it is a service in a process of its own: peer.h.
 */
#include <string.h>

#include "../lib/suite.h"
#include "peer.h"

#define SUITES(SUITE)                                                                              \
    SUITE(answer)                                                                                  \
    SUITE(bytes)                                                                                   \
    SUITE(once)                                                                                    \
    SUITE(stopped)                                                                                 \
    SUITE(component)                                                                               \
    SUITE(loop)                                                                                    \
    SUITE(descriptors)

#define DECLARE(name) extern CU_TestInfo tests_##name[];
#define LIST(name)    {#name, NULL, NULL, NULL, NULL, tests_##name},

SUITES(DECLARE)

int main(int argc, char **argv)
{
    CU_SuiteInfo suites[] = {SUITES(LIST) CU_SUITE_INFO_NULL};
    if (argc == 5 && strcmp(argv[0], "peer") == 0)
        return peer_run(argv + 1);
    return suite_main(suites, argc, argv);
}
