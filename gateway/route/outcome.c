/* outcome.c - which HTTP status a call ends with: the table.
 *
 * Happy path: the first row that fits is the one. Failure modes: none, each end has a row without a
 * condition. */
#include "route/outcome.h"

#include <stddef.h>
#include <string.h>

enum { ANY = -1 };

static const struct {
    int end, outcome;      /* ANY: all */
    const char *condition; /* NULL: all */
    struct gw_outcome_row row;
} rows[] = {
    {GW_END_ANSWER, ANY, NULL, {200, false, false}},
    {GW_END_FAULT, ANY, NULL, {500, false, false}},
    {GW_END_EMPTY, ANY, NULL, {202, false, false}},
    {GW_END_REFUSED, ANY, "bad-request", {400, true, false}},
    {GW_END_REFUSED, ANY, "forbidden", {403, true, false}},
    {GW_END_REFUSED, ANY, "not-allowed", {403, true, false}},
    {GW_END_REFUSED, ANY, "not-authorized", {403, true, false}},
    {GW_END_REFUSED, ANY, "registration-required", {403, true, false}},
    {GW_END_REFUSED, ANY, "subscription-required", {403, true, false}},
    {GW_END_REFUSED, ANY, "item-not-found", {404, true, false}},
    {GW_END_REFUSED, ANY, "policy-violation", {413, true, false}},
    {GW_END_REFUSED, ANY, "not-acceptable", {413, true, false}},
    {GW_END_REFUSED, ANY, "resource-constraint", {503, false, true}},
    {GW_END_REFUSED, ANY, "remote-server-timeout", {504, false, false}},
    {GW_END_REFUSED, ANY, NULL, {502, false, false}},
    {GW_END_TIMEOUT, ANY, NULL, {504, false, false}},
    /* It was never sent: the link isn't online, or is about to go. */
    {GW_END_LOST, GW_NOT_EXECUTED, NULL, {503, false, true}},
    {GW_END_LOST, ANY, NULL, {502, false, false}},
    {GW_END_STOPPED, GW_NOT_EXECUTED, NULL, {503, false, true}},
    {GW_END_STOPPED, ANY, NULL, {502, false, false}},
    /* The envelope is more than this service takes. */
    {GW_END_BAD, GW_NOT_EXECUTED, NULL, {413, true, false}},
    {GW_END_BAD, ANY, NULL, {502, false, false}},
};

struct gw_outcome_row gw_outcome_of_end(enum gw_end end, enum gw_outcome outcome,
                                        const char *condition)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].end == (int)end &&
            (rows[i].outcome == ANY || rows[i].outcome == (int)outcome) &&
            (!rows[i].condition || strcmp(rows[i].condition, condition) == 0))
            return rows[i].row;
    }
    return (struct gw_outcome_row){502, false, false};
}

struct gw_outcome_row gw_outcome_of_refusal(const char *condition)
{
    return gw_outcome_of_end(GW_END_REFUSED, GW_NOT_EXECUTED, condition);
}

int gw_outcome_of_fault(int version, enum gw_fault_code code, int wanted)
{
    if (wanted)
        return wanted;
    return version == 12 && code == GW_FAULT_SENDER ? 400 : 500;
}

struct gw_outcome_row gw_outcome_of_status(int status)
{
    return (struct gw_outcome_row){status, status < 500, status == 503};
}

const char *gw_outcome_condition(int status)
{
    static const struct {
        int status;
        const char *condition;
    } conditions[] = {
        {401, "not-authorized"},      {403, "forbidden"}, {404, "item-not-found"},
        {405, "not-allowed"},         {409, "conflict"},  {413, "policy-violation"},
        {415, "not-acceptable"},      {422, "conflict"},  {431, "policy-violation"},
        {503, "resource-constraint"},
    };
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        if (conditions[i].status == status)
            return conditions[i].condition;
    }
    return "bad-request";
}
