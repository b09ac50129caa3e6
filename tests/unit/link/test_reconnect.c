/* When a link tries again: soon after an accident, rarely after a refusal, at once when its files
 * or the clock have changed. Nothing waits here: the clock is the test's. */
#include "../../lib/suite.h"
#include "../../lib/stopped_clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"

extern CU_TestInfo tests_reconnect[];

static const int64_t SECOND_US = 1000000, MINUTE_US = 60000000, BOOT_US = 3600000000;

struct story {
    struct soap_xmpp_link *link;
    int64_t now_us, when_us;
    char folder[40], file[60];
    unsigned failures, errors; /* states FAILED, and lines of that level */
};

static void note_state(void *user, enum soap_xmpp_state_value state, const char *reason)
{
    struct story *story = user;
    story->failures += state == SOAP_XMPP_FAILED;
    CU_ASSERT_EQUAL(state == SOAP_XMPP_FAILED, strcmp(reason, "no entry") == 0);
}

static void note_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct story *story = user;
    (void)line;
    story->errors += level == SOAP_XMPP_TRACE_ERROR;
}

static void write_password(const struct story *story, const char *password)
{
    FILE *file = fopen(story->file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(password, file);
    fclose(file);
}

static void go_to(struct story *story, int64_t now_us)
{
    story->now_us = now_us;
    stopped_clock_set(now_us);
}

static void begin(struct story *story)
{
    struct soap_xmpp_config config;
    char why[300] = "";
    memset(story, 0, sizeof *story);
    strcpy(story->folder, "/tmp/test_reconnect_XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(story->folder));
    snprintf(story->file, sizeof story->file, "%s/password", story->folder);
    write_password(story, "secret");
    chmod(story->file, 0600);
    soap_xmpp_config_init(&config);
    config.jid = "alice@example.org/desk";
    config.password_file = story->file;
    config.state_callback = note_state;
    config.trace = SOAP_XMPP_TRACE_ERROR;
    config.trace_callback = note_line;
    config.state_user = config.trace_user = story;
    story->link = sx_link_new(&config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(story->link);
    go_to(story, BOOT_US);
}

static void end(struct story *story)
{
    soap_xmpp_close(story->link);
    stopped_clock_release();
    unlink(story->file);
    rmdir(story->folder);
}

/* An attempt that ends so at once. Returns how long the next one is away. */
static int64_t attempt(struct story *story, enum sx_err err, const char *text)
{
    struct sx_failure failure = {.err = err};
    snprintf(failure.text, sizeof failure.text, "%s", text);
    sx_reconnect_begin(&story->link->reconnect);
    sx_session_set_state(story->link->session, SOAP_XMPP_CONNECTING, NULL);
    story->when_us = sx_reconnect_lost(&story->link->reconnect, 0, &failure);
    return story->when_us - story->now_us;
}

static int64_t refuse(struct story *story, enum sx_err err)
{
    int64_t wait_us = attempt(story, err, "no entry");
    CU_ASSERT_EQUAL(sx_session_state(story->link->session), SOAP_XMPP_FAILED);
    return wait_us;
}

static bool look(struct story *story, int64_t *look_us)
{
    return sx_reconnect_look(&story->link->reconnect, look_us);
}

/* After the first wait for a look. */
static bool look_later(struct story *story)
{
    int64_t look_us;
    CU_ASSERT_FALSE(look(story, &look_us)); /* it has just been refused */
    CU_ASSERT_TRUE(look_us > story->now_us && look_us < story->now_us + 10 * SECOND_US);
    go_to(story, look_us);
    return look(story, &look_us);
}

static bool is_between(int64_t us, int minutes)
{
    return us >= minutes * MINUTE_US && us <= minutes * MINUTE_US * 3 / 2;
}

static void assert_rare(enum sx_err err, const int minutes[5])
{
    struct story story;
    int i;
    begin(&story);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_TRUE(is_between(refuse(&story, err), minutes[i]));
        go_to(&story, story.when_us);
    }
    CU_ASSERT_EQUAL(story.failures, 5);
    CU_ASSERT_EQUAL(story.errors, 2 * 5); /* why, and when again */
    end(&story);
}

static void who_is_refused_comes_back_rarely_and_always(void)
{
    static const enum sx_err refusals[] = {SX_EAUTH, SX_ECERT, SX_EHOSTNAME, SX_ECLIENTCERT};
    static const int minutes[5] = {1, 2, 5, 10, 10};
    size_t i;
    for (i = 0; i < sizeof refusals / sizeof *refusals; i++)
        assert_rare(refusals[i], minutes);
}

static void who_took_our_resource_has_it_for_ten_minutes_at_least(void)
{
    static const int minutes[5] = {10, 10, 10, 10, 10};
    assert_rare(SX_ECONFLICT, minutes);
}

static void a_name_that_stays_unknown_is_asked_for_rarely(void)
{
    static const enum sx_err errs[] = {SX_ENOHOST, SX_ESESSIONS};
    struct story story;
    size_t i;
    int times;
    for (i = 0; i < sizeof errs / sizeof *errs; i++) {
        begin(&story);
        for (times = 1; times < 5; times++)
            CU_ASSERT_TRUE(attempt(&story, errs[i], "") <= MINUTE_US);
        CU_ASSERT_EQUAL(story.failures, 0);
        CU_ASSERT_TRUE(is_between(refuse(&story, errs[i]), 1));
        CU_ASSERT_TRUE(is_between(refuse(&story, errs[i]), 2)); /* and not five times more */
        sx_reconnect_reset(&story.link->reconnect);
        CU_ASSERT_TRUE(attempt(&story, errs[i], "") < MINUTE_US); /* a kick begins anew */
        end(&story);
    }
}

static void a_kick_or_a_lasting_session_makes_the_next_refusal_the_first(void)
{
    struct sx_failure failure = {.err = SX_EAUTH, .text = "no entry"};
    struct story story;
    begin(&story);
    refuse(&story, SX_EAUTH);
    refuse(&story, SX_EAUTH);
    sx_reconnect_reset(&story.link->reconnect);
    CU_ASSERT_TRUE(is_between(refuse(&story, SX_EAUTH), 1));
    attempt(&story, SX_EUNREACHABLE, ""); /* it says nothing about the credentials */
    CU_ASSERT_TRUE(is_between(refuse(&story, SX_EAUTH), 2));
    sx_reconnect_done(&story.link->reconnect);
    go_to(&story, story.now_us + MINUTE_US);
    sx_session_set_state(story.link->session, SOAP_XMPP_CONNECTING, NULL);
    story.when_us = sx_reconnect_lost(&story.link->reconnect, 1, &failure);
    CU_ASSERT_TRUE(is_between(story.when_us - story.now_us, 1));
    end(&story);
}

static void a_file_that_changes_brings_an_attempt_at_once(void)
{
    struct story story;
    int64_t look_us;
    begin(&story);
    refuse(&story, SX_EAUTH);
    CU_ASSERT_FALSE(look_later(&story));
    write_password(&story, "another");
    go_to(&story, story.now_us + 10 * SECOND_US);
    CU_ASSERT_TRUE(look(&story, &look_us));
    refuse(&story, SX_EAUTH);
    CU_ASSERT_FALSE(look_later(&story)); /* it is told once */
    refuse(&story, SX_EAUTH);
    unlink(story.file);
    CU_ASSERT_TRUE(look_later(&story));
    refuse(&story, SX_EAUTH);
    write_password(&story, "once more");
    CU_ASSERT_TRUE(look_later(&story));
    end(&story);
}

/* The time of day goes on by itself here, and the other clock is set. */
static void a_clock_that_is_set_brings_an_attempt_at_once(void)
{
    static const int64_t steps_s[] = {10, -10, 1700000000, -1700000000};
    struct story story;
    int64_t look_us;
    size_t i;
    begin(&story);
    for (i = 0; i < sizeof steps_s / sizeof *steps_s; i++) {
        go_to(&story, (1800000000 + BOOT_US / SECOND_US) * SECOND_US);
        refuse(&story, SX_ECERT);
        story.link->reconnect.look_us = 0;
        CU_ASSERT_FALSE(look(&story, &look_us));
        story.link->reconnect.look_us = 0;
        go_to(&story, story.now_us + steps_s[i] * SECOND_US);
        CU_ASSERT_TRUE(look(&story, &look_us));
    }
    end(&story);
}

/* What is written on a terminal, the trace's own lines for instance, gives it another time; so it
 * does to a FIFO. Neither gives its password twice. */
static void what_is_read_once_does_not_change(void)
{
    char folder[] = "/tmp/test_reconnect_XXXXXX", file[sizeof folder + 10];
    struct sx_config config = {.password_file = file};
    struct sx_watch watch;
    int fd;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/password", folder);
    CU_ASSERT_EQUAL_FATAL(mkfifo(file, 0600), 0);
    CU_ASSERT_FATAL((fd = open(file, O_RDWR | O_NONBLOCK | O_CLOEXEC)) >= 0);
    sx_watch_begin(&watch, &config);
    CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
    CU_ASSERT_EQUAL(futimens(fd, (const struct timespec[2]){{1, 0}, {1, 0}}), 0);
    CU_ASSERT_PTR_NULL(sx_watch_look(&watch, &config));
    close(fd);
    unlink(file);
    CU_ASSERT_PTR_NOT_NULL(sx_watch_look(&watch, &config)); /* another one may come in its place */
    rmdir(folder);
}

/* A session that lasts so long, and ends so. */
static int64_t be_online(struct story *story, int64_t online_us, enum sx_err err)
{
    struct sx_failure failure = {.err = err, .text = "no entry"};
    sx_reconnect_begin(&story->link->reconnect);
    sx_session_set_state(story->link->session, SOAP_XMPP_ONLINE, NULL);
    sx_reconnect_done(&story->link->reconnect);
    go_to(story, story->now_us + online_us);
    if (!sx_fault_permanent(err))
        failure.text[0] = '\0';
    story->when_us = sx_reconnect_lost(&story->link->reconnect, 1, &failure);
    return story->when_us - story->now_us;
}

/* A file that was renewed in time, a clock that was set on the way. */
static void what_changed_while_it_was_online_is_no_reason(void)
{
    struct story story;
    begin(&story);
    sx_reconnect_begin(&story.link->reconnect);
    write_password(&story, "another");
    CU_ASSERT_TRUE(is_between(be_online(&story, MINUTE_US, SX_EAUTH), 1));
    CU_ASSERT_FALSE(look_later(&story));
    write_password(&story, "a third one");
    CU_ASSERT_TRUE(look_later(&story));
    end(&story);
}

static void who_took_our_resource_has_it_whatever_changes_here(void)
{
    struct story story;
    int64_t look_us;
    begin(&story);
    CU_ASSERT_TRUE(is_between(be_online(&story, MINUTE_US, SX_ECONFLICT), 10));
    write_password(&story, "another");
    CU_ASSERT_FALSE(look(&story, &look_us));
    CU_ASSERT_EQUAL(look_us, SX_NEVER);
    end(&story);
}

/* How many attempts follow in an hour if the file is written before each look. */
static unsigned count_attempts(struct story *story, enum sx_err err)
{
    const int64_t end_us = story->now_us + 60 * MINUTE_US;
    unsigned attempts = 0;
    char password[30];
    int64_t look_us;
    refuse(story, err);
    while (story->now_us < end_us) {
        snprintf(password, sizeof password, "%lld", (long long)story->now_us);
        write_password(story, password);
        if (story->now_us >= story->when_us || look(story, &look_us)) {
            refuse(story, err);
            attempts++;
        }
        go_to(story, story->now_us + 2 * SECOND_US);
    }
    return attempts;
}

static void a_file_that_never_rests_gets_no_account_locked(void)
{
    struct story story;
    begin(&story);
    CU_ASSERT_TRUE(count_attempts(&story, SX_EAUTH) <= 8 + 6);
    /* Hours later somebody mends it: a change that comes alone isn't waited with. */
    write_password(&story, "mended");
    go_to(&story, story.now_us + 10 * MINUTE_US);
    CU_ASSERT_TRUE(look(&story, &story.when_us));
    /* Whoever was online begins anew. */
    be_online(&story, SECOND_US, SX_ESTREAM);
    refuse(&story, SX_EAUTH);
    write_password(&story, "wrong again");
    CU_ASSERT_TRUE(look_later(&story));
    end(&story);
}

static void a_session_that_ends_by_accident_makes_the_next_refusal_the_first(void)
{
    struct story story;
    begin(&story);
    refuse(&story, SX_EAUTH);
    refuse(&story, SX_EAUTH);
    be_online(&story, SECOND_US, SX_ESTREAM);
    CU_ASSERT_TRUE(is_between(refuse(&story, SX_EAUTH), 1));
    be_online(&story, SECOND_US, SX_ECONFLICT); /* that isn't one */
    CU_ASSERT_TRUE(is_between(refuse(&story, SX_EAUTH), 10));
    end(&story);
}

static void another_trouble_than_before_gets_its_own_patience(void)
{
    struct story story;
    int times;
    begin(&story);
    refuse(&story, SX_EAUTH);
    for (times = 1; times < 5; times++)
        CU_ASSERT_TRUE(attempt(&story, SX_ENOHOST, "") <= MINUTE_US);
    CU_ASSERT_TRUE(is_between(refuse(&story, SX_ENOHOST), 2));
    end(&story);
}

static void an_accident_is_no_reason_to_look(void)
{
    struct story story;
    int64_t look_us = 0;
    begin(&story);
    CU_ASSERT_FALSE(look(&story, &look_us));
    attempt(&story, SX_EUNREACHABLE, "");
    write_password(&story, "another");
    CU_ASSERT_FALSE(look(&story, &look_us));
    CU_ASSERT_EQUAL(look_us, SX_NEVER);
    end(&story);
}

static void begin_to_give_up(struct story *story)
{
    begin(story);
    ((struct sx_config *)sx_session_config(story->link->session))->gives_up = true;
}

static bool is_over(struct story *story)
{
    bool closed = false;
    CU_ASSERT_PTR_NULL(sx_queue_take(sx_link_queue(story->link), 1, &closed));
    return closed;
}

/* The kick that comes while an attempt is under way is for the next one. */
static void who_is_kicked_in_time_does_not_give_up(void)
{
    static const struct sx_failure failure = {.err = SX_EAUTH, .text = "no entry"};
    struct story story;
    begin_to_give_up(&story);
    sx_reconnect_begin(&story.link->reconnect);
    sx_session_set_state(story.link->session, SOAP_XMPP_CONNECTING, NULL);
    soap_xmpp_kick(story.link);
    sx_reconnect_lost(&story.link->reconnect, 0, &failure);
    CU_ASSERT_EQUAL(sx_session_state(story.link->session), SOAP_XMPP_FAILED);
    CU_ASSERT_FALSE(is_over(&story));
    refuse(&story, SX_EAUTH);
    CU_ASSERT_TRUE(is_over(&story));
    sx_reconnect_begin(&story.link->reconnect); /* whoever has brought that about */
    CU_ASSERT_FALSE(is_over(&story));
    end(&story);
}

static void who_is_to_give_up_does_so_until_a_kick(void)
{
    struct story story;
    int64_t look_us;
    begin_to_give_up(&story);
    attempt(&story, SX_EUNREACHABLE, "");
    CU_ASSERT_TRUE(story.when_us < SX_NEVER);
    refuse(&story, SX_EAUTH);
    CU_ASSERT_EQUAL(story.when_us, SX_NEVER);
    write_password(&story, "another");
    CU_ASSERT_FALSE(look(&story, &look_us));
    CU_ASSERT_EQUAL(look_us, SX_NEVER);
    CU_ASSERT_TRUE(is_over(&story));
    soap_xmpp_kick(story.link);
    CU_ASSERT_FALSE(is_over(&story));
    end(&story);
}

CU_TestInfo tests_reconnect[] = {
    {"who is refused comes back rarely, and always", who_is_refused_comes_back_rarely_and_always},
    {"who took our resource has it for ten minutes at least",
     who_took_our_resource_has_it_for_ten_minutes_at_least},
    {"a name that stays unknown is asked for rarely",
     a_name_that_stays_unknown_is_asked_for_rarely},
    {"a kick, or a lasting session, makes the next refusal the first",
     a_kick_or_a_lasting_session_makes_the_next_refusal_the_first},
    {"a file that changes brings an attempt at once",
     a_file_that_changes_brings_an_attempt_at_once},
    {"a clock that is set brings an attempt at once",
     a_clock_that_is_set_brings_an_attempt_at_once},
    {"what is read once does not change", what_is_read_once_does_not_change},
    {"what changed while it was online is no reason",
     what_changed_while_it_was_online_is_no_reason},
    {"who took our resource has it whatever changes here",
     who_took_our_resource_has_it_whatever_changes_here},
    {"a file that never rests gets no account locked",
     a_file_that_never_rests_gets_no_account_locked},
    {"a session that ends by accident makes the next refusal the first",
     a_session_that_ends_by_accident_makes_the_next_refusal_the_first},
    {"another trouble than before gets its own patience",
     another_trouble_than_before_gets_its_own_patience},
    {"an accident is no reason to look", an_accident_is_no_reason_to_look},
    {"who is kicked in time does not give up", who_is_kicked_in_time_does_not_give_up},
    {"who is to give up does so until a kick", who_is_to_give_up_does_so_until_a_kick},
    CU_TEST_INFO_NULL,
};
