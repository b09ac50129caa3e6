/* Tests of gateway/: without a server, a link or a listener. */
#include "../../lib/suite.h"

/* A row for each test_NAME.c, which has CU_TestInfo gateway_tests_NAME[]. */
#define SUITES(SUITE)                                                                              \
    SUITE(backend)                                                                                 \
    SUITE(base64)                                                                                  \
    SUITE(cargo)                                                                                   \
    SUITE(client)                                                                                  \
    SUITE(client_login)                                                                            \
    SUITE(config)                                                                                  \
    SUITE(config_errors)                                                                           \
    SUITE(connections)                                                                             \
    SUITE(device_path)                                                                             \
    SUITE(documents)                                                                               \
    SUITE(endpoint)                                                                                \
    SUITE(fault)                                                                                   \
    SUITE(gateway)                                                                                 \
    SUITE(glance)                                                                                  \
    SUITE(hex)                                                                                     \
    SUITE(hostile)                                                                                 \
    SUITE(link)                                                                                    \
    SUITE(log)                                                                                     \
    SUITE(login)                                                                                   \
    SUITE(manual)                                                                                  \
    SUITE(media_type)                                                                              \
    SUITE(mtom)                                                                                    \
    SUITE(multipart)                                                                               \
    SUITE(name)                                                                                    \
    SUITE(notify)                                                                                  \
    SUITE(once)                                                                                    \
    SUITE(operation)                                                                               \
    SUITE(origin)                                                                                  \
    SUITE(outcome)                                                                                 \
    SUITE(packing)                                                                                 \
    SUITE(page)                                                                                    \
    SUITE(pattern)                                                                                 \
    SUITE(post)                                                                                    \
    SUITE(record)                                                                                  \
    SUITE(response)                                                                                \
    SUITE(rewrite)                                                                                 \
    SUITE(rules)                                                                                   \
    SUITE(scan)                                                                                    \
    SUITE(server)                                                                                  \
    SUITE(server_shortage)                                                                         \
    SUITE(share)                                                                                   \
    SUITE(single)                                                                                  \
    SUITE(store)                                                                                   \
    SUITE(tls)                                                                                     \
    SUITE(trace)                                                                                   \
    SUITE(verdict)                                                                                 \
    SUITE(workers)

#define DECLARE(NAME) extern CU_TestInfo gateway_tests_##NAME[];
SUITES(DECLARE)

int main(int argc, char **argv)
{
#define ROW(NAME) {#NAME, NULL, NULL, NULL, NULL, gateway_tests_##NAME},
    CU_SuiteInfo suites[] = {SUITES(ROW) CU_SUITE_INFO_NULL};
    return suite_main(suites, argc, argv);
}
