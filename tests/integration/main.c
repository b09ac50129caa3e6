/* Integration tests: through real servers, with real TLS and real stubs. Run by tools/with-servers.
 *
 * Most suites do what servers let them (scale.h), so they run at servers without limits and at
 * servers as Debian configures them; -L lists these. Others have scripted servers of their own, and
 * would do the same once more. They see no real one.
 */
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"

#define SCRIPTED(SUITE)                                                                            \
    SUITE(ground)                                                                                  \
    SUITE(hostile)                                                                                 \
    SUITE(hostile_login)                                                                           \
    SUITE(downgrade)                                                                               \
    SUITE(siege)                                                                                   \
    SUITE(thousand)

#define SERVED(SUITE)                                                                              \
    SUITE(unruly)                                                                                  \
    SUITE(peer)                                                                                    \
    SUITE(budget)                                                                                  \
    SUITE(ambush)                                                                                  \
    SUITE(liveness)                                                                                \
    SUITE(comeback)                                                                                \
    SUITE(call)                                                                                    \
    SUITE(describe)                                                                                \
    SUITE(question)                                                                                \
    SUITE(service)                                                                                 \
    SUITE(taken)                                                                                   \
    SUITE(access)                                                                                  \
    SUITE(rules)                                                                                   \
    SUITE(wire)                                                                                    \
    SUITE(post)                                                                                    \
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
    SUITE(fault)                                                                                   \
    SUITE(foreign)                                                                                 \
    SUITE(storm)                                                                                   \
    SUITE(throttled)

#define DECLARE(name)       extern CU_TestInfo tests_##name[];
#define LIST(name)          {#name, NULL, NULL, NULL, NULL, tests_##name},
#define LIST_SCRIPTED(name) {#name, hide_servers, show_servers, NULL, NULL, tests_##name},

SCRIPTED(DECLARE)
SERVED(DECLARE)

static const char servers[] = "SOAPXMPP_TEST_SERVERS";
static char *hidden;

static int hide_servers(void)
{
    const char *names = getenv(servers);
    hidden = names ? strdup(names) : NULL;
    unsetenv(servers);
    return 0;
}

static int show_servers(void)
{
    if (hidden)
        setenv(servers, hidden, 1);
    free(hidden);
    return 0;
}

int main(int argc, char **argv)
{
    CU_SuiteInfo all[] = {SCRIPTED(LIST_SCRIPTED) SERVED(LIST) CU_SUITE_INFO_NULL};
    CU_SuiteInfo served[] = {SERVED(LIST) CU_SUITE_INFO_NULL};
    char *list[] = {argv[0], (char *)"-l", NULL};
    if (argc == 2 && strcmp(argv[1], "-L") == 0)
        return suite_main(served, 2, list);
    return suite_main(all, argc, argv);
}
