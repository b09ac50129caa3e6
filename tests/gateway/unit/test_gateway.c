/* All of a gateway, started, read anew and stopped, without a server to be had. */
#include "../../lib/suite.h"
#include "shortage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config_text.h"
#include "gateway.h"

enum { TEXT_BYTES = 2000, WHY_BYTES = 400 };

static int saved;

/* The library and the gateway tell of each attempt: not here. */
static void begin(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    config_text_begin();
    fflush(stderr);
    saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    gw_log_set(false, GW_LOG_INFO);
}

static void end(void)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    gw_log_set(false, GW_LOG_INFO);
    config_text_end();
}

/* Nobody listens at port 9; more goes behind what there is always. */
static struct gw_config *config_with(const char *more)
{
    char text[TEXT_BYTES], why[WHY_BYTES] = "";
    snprintf(
        text, sizeof text,
        "listen \"127.0.0.1:0\" { }\n"
        "admin \"127.0.0.1:0\" { }\n"
        "drain = 0\n"
        "link \"main\" { jid = \"a@x.test/r\" password_file = \"secret\" host = \"127.0.0.1\"\n"
        "    port = \"9\" }\n"
        "route \"/x\" { to = \"xmpp:b@x.test\" link = \"main\" }\n%s",
        more);
    struct gw_config *config = config_text_read(text, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

static const char serve[] = "serve \"a@x.test\" { url = \"http://127.0.0.1:9/\" link = \"main\" "
                            "allow = { \"b@x.test\" } }\n";

static struct gw_gateway *start(struct gw_config *config)
{
    char why[WHY_BYTES] = "";
    enum gw_gateway_failure failure;
    struct gw_gateway *gateway = gw_gateway_start(config, &failure, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(gateway);
    return gateway;
}

static void one_that_was_started_is_stopped(void)
{
    char why[WHY_BYTES] = "";
    begin();
    struct gw_config *config = config_with(serve);
    struct gw_gateway *gateway = start(config);
    CU_ASSERT(gw_gateway_is_healthy(gateway, why, sizeof why));
    CU_ASSERT(!gw_gateway_is_ready(gateway, why, sizeof why));
    ASSERT_CONTAINS(why, "main");
    gw_gateway_kick(gateway);
    gw_gateway_stop(gateway);
    gw_config_release(config);
    end();
}

static void reload(struct gw_gateway *gateway, const char *more, const char *expected)
{
    char why[WHY_BYTES] = "";
    struct gw_config *config = config_with(more);
    int result = gw_gateway_reload(gateway, config, why, sizeof why);
    CU_ASSERT_EQUAL(result, *expected ? -1 : 0);
    ASSERT_CONTAINS(why, expected);
    gw_config_release(config);
}

static void another_configuration_is_taken_or_refused_whole(void)
{
    begin();
    struct gw_config *config = config_with("");
    struct gw_gateway *gateway = start(config);
    gw_config_release(config);
    reload(gateway, "route \"/y\" { to = \"xmpp:b@x.test\" link = \"main\" }\n", "");
    reload(gateway, serve, "link \"main\" serves now, which needs a restart");
    reload(gateway, "listen \"127.0.0.2:0\" { }\n", "needs a restart");
    reload(gateway, "", "");
    gw_gateway_stop(gateway);
    end();
}

static struct gw_config *scarce;

static bool attempt_start(unsigned number, bool lasts)
{
    char why[WHY_BYTES] = "";
    enum gw_gateway_failure failure;
    shortage_begin(number, lasts);
    struct gw_gateway *gateway = gw_gateway_start(scarce, &failure, why, sizeof why);
    bool was_short = shortage_end();
    CU_ASSERT(gateway || *why);
    CU_ASSERT(gateway || was_short);
    if (gateway)
        gw_gateway_stop(gateway);
    return was_short;
}

static void without_memory_it_starts_not_at_all_or_whole(void)
{
    begin();
    scarce = config_with(serve);
    CU_ASSERT(shortage_sweep(attempt_start) > 20);
    gw_config_release(scarce);
    end();
}

CU_TestInfo gateway_tests_gateway[] = {
    {"one that was started is stopped", one_that_was_started_is_stopped},
    {"another configuration is taken or refused whole",
     another_configuration_is_taken_or_refused_whole},
    {"without memory it starts not at all or whole", without_memory_it_starts_not_at_all_or_whole},
    CU_TEST_INFO_NULL,
};
