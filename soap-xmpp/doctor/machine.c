/* machine.c - clock and limits: what this machine has wrong.
 *
 * Failure modes: a clock that isn't the server's is a warning: WS-Security and the age of messages
 * count on it. Without a descriptor below 1,024 there is no link (docs/scaling.md): FAIL.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "doctor/answer.h"
#include "doctor/survey.h"

enum { ASK_MS = 4000, TIME_BYTES = 64, SELECT_MOST = 1024, FEW = 10 };
static const double wrong_s = 2;

/* ---- clock ---- */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* XEP-0082, in UTC: "2026-11-30T16:00:00Z", perhaps with a fraction; NAN if it is none. */
static double read_time(const char *text)
{
    struct tm moment = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &moment);
    double fraction = 0;
    char *end;
    if (!rest)
        return NAN;
    if (*rest == '.') {
        fraction = strtod(rest, &end);
        rest = end;
    }
    return strcmp(rest, "Z") == 0 ? (double)timegm(&moment) + fraction : NAN;
}

void machine_check_clock(struct survey *survey, struct finding *finding)
{
    char why[SURVEY_WHY_BYTES], text[TIME_BYTES], *xml;
    double before = now_s(), after, moment, offset, uncertain;
    xml = soap_xmpp_ask(survey->link, survey->domain, "<time xmlns='urn:xmpp:time'/>",
                        survey_timeout_ms(survey, ASK_MS), why, sizeof why);
    if (!xml) {
        finding_say(finding, FINDING_SKIP, "the server doesn't tell its time");
        finding_add_detail(finding, "%s", why);
        survey_advise(survey, finding, "\"time\" in modules_enabled", "mod_time in modules");
        return;
    }
    after = now_s();
    answer_child(xml, "utc", text, sizeof text);
    free(xml);
    moment = read_time(text);
    if (!isfinite(moment)) {
        finding_say(finding, FINDING_SKIP, "the server's time is none: '%s'", text);
        return;
    }
    /* It tells whole seconds, and the question took its time. */
    offset = moment + 0.5 - (before + after) / 2;
    uncertain = 0.5 + (after - before) / 2;
    finding_measure(finding, "offset_seconds", offset);
    if (fabs(offset) <= wrong_s + uncertain) {
        finding_say(finding, FINDING_OK, "the server's, within %.1f s", wrong_s + uncertain);
        return;
    }
    finding_say(finding, FINDING_WARN, "this machine's clock is %.0f s %s the server's",
                fabs(offset), offset > 0 ? "behind" : "ahead of");
    finding_advise(finding,
                   "set the clock by NTP here (systemd-timesyncd, chrony) and at the server: "
                   "UsernameToken and max_age_s count on it");
}

/* ---- limits ---- */

/* How many descriptors are open, all and those that select() takes; false: nobody knows. */
static bool count_open(unsigned *open, unsigned *open_low)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    if (!folder)
        return false;
    *open = *open_low = 0;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(folder))
            continue;
        ++*open;
        *open_low += atoi(entry->d_name) < SELECT_MOST;
    }
    closedir(folder);
    return true;
}

void machine_check_limits(struct survey *survey, struct finding *finding)
{
    struct rlimit limit;
    unsigned open, open_low;
    long low_most, free_low;
    (void)survey;
    if (getrlimit(RLIMIT_NOFILE, &limit) || !count_open(&open, &open_low)) {
        finding_say(finding, FINDING_SKIP, "this system doesn't tell");
        return;
    }
    low_most = limit.rlim_cur < SELECT_MOST ? (long)limit.rlim_cur : SELECT_MOST;
    free_low = low_most > (long)open_low ? low_most - (long)open_low : 0;
    finding_measure(finding, "descriptors_open", open);
    finding_measure(finding, "descriptors_free", (double)free_low);
    if (limit.rlim_cur == RLIM_INFINITY)
        finding_say(finding, FINDING_OK, "no limit of descriptors, %u open", open);
    else
        finding_say(finding, FINDING_OK, "%lu descriptors, %u open", (unsigned long)limit.rlim_cur,
                    open);
    if (free_low >= FEW)
        return;
    finding_say(finding, free_low ? FINDING_WARN : FINDING_FAIL,
                "%ld free below %ld, where a link needs one", free_low, low_most);
    finding_advise(finding, "a larger limit (ulimit -n, LimitNOFILE= of systemd), and links opened "
                            "before other descriptors: docs/scaling.md");
}
