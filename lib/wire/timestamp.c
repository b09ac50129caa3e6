/* timestamp.c - XEP-0082 DateTime, read strictly: CCYY-MM-DDThh:mm:ss[.sss]TZD.
 *
 * Invariant: what is accepted is a time that exists. Failure: false, nothing is written.
 */
#include "wire/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* So many digits, in *text, which moves on; < 0: they aren't. */
static int take_digits(const char **text, int count)
{
    int value = 0;
    for (; count > 0; count--, ++*text) {
        if (**text < '0' || **text > '9')
            return -1;
        value = 10 * value + (**text - '0');
    }
    return value;
}

/* Two digits in a range, behind a separator. */
static bool take_field(const char **text, char separator, int least, int most, int *value)
{
    if (*(*text)++ != separator)
        return false;
    *value = take_digits(text, 2);
    return *value >= least && *value <= most;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t count_days(int year, int month, int day)
{
    int64_t before = year - 1, days;
    int m;
    days = 365 * before + before / 4 - before / 100 + before / 400 - 719162;
    for (m = 1; m < month; m++)
        days += days_of(year, m);
    return days + day - 1;
}

/* ".5": any number of digits, of which six count. */
static bool take_fraction(const char **text, int64_t *us)
{
    int64_t unit = 100000;
    if (**text != '.')
        return true;
    ++*text;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; ++*text, unit /= 10)
        *us += unit * (**text - '0');
    return true;
}

static bool take_zone(const char *text, int64_t *offset_s)
{
    int hours, minutes, sign = *text == '-' ? -1 : 1;
    if (strcmp(text, "Z") == 0)
        return true;
    if (*text != '+' && *text != '-')
        return false;
    if (!take_field(&text, *text, 0, 23, &hours) || !take_field(&text, ':', 0, 59, &minutes) ||
        *text)
        return false;
    *offset_s = sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
    return true;
}

bool sx_timestamp_parse(const char *text, int64_t *unix_us)
{
    int year = take_digits(&text, 4), month, day, hours, minutes, seconds;
    int64_t us = 0, offset_s = 0, s;
    if (year < 1970 || !take_field(&text, '-', 1, 12, &month) ||
        !take_field(&text, '-', 1, days_of(year, month), &day) ||
        !take_field(&text, 'T', 0, 23, &hours) || !take_field(&text, ':', 0, 59, &minutes) ||
        !take_field(&text, ':', 0, 60, &seconds) || !take_fraction(&text, &us) ||
        !take_zone(text, &offset_s))
        return false;
    s = count_days(year, month, day) * 86400 + (int64_t)hours * 3600 + (int64_t)minutes * 60 +
        seconds - offset_s;
    *unix_us = s * 1000000 + us;
    return true;
}

int64_t sx_timestamp_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void sx_timestamp_write(int64_t unix_us, char out[SX_TIMESTAMP_BYTES])
{
    time_t s = (time_t)(unix_us / 1000000);
    struct tm parts;
    if (!gmtime_r(&s, &parts) || !strftime(out, SX_TIMESTAMP_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts))
        snprintf(out, SX_TIMESTAMP_BYTES, "1970-01-01T00:00:00Z");
}
