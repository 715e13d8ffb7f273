#include "proto/base/clock.h"

#include <string.h>
#include <time.h>

static int64_t clock_read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_wall_ms(void)
{
    return clock_read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_mono_ms(void)
{
    return clock_read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_mono_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

// Days from 1970-01-01 to a civil date, and back (H. Hinnant's algorithms, valid for all years we
// format).
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t yoe = year - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static const int64_t DAY_MS = 86400000;
static const int64_t YEAR_0_MS = -62167219200000;
static const int64_t YEAR_9999_MS = 253402300799999;

// Two or four digits without printf: an event is stamped for every article.
static void put_digits(char *out, int width, int64_t number)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_BYTES])
{
    wall_ms = wall_ms < YEAR_0_MS ? YEAR_0_MS : wall_ms > YEAR_9999_MS ? YEAR_9999_MS : wall_ms;
    int64_t days = wall_ms / DAY_MS - (wall_ms % DAY_MS < 0);
    int64_t left = wall_ms - days * DAY_MS;
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_TEXT_BYTES);
    put_digits(out, 4, year);
    put_digits(out + 5, 2, month);
    put_digits(out + 8, 2, day);
    put_digits(out + 11, 2, left / 3600000);
    put_digits(out + 14, 2, left / 60000 % 60);
    put_digits(out + 17, 2, left / 1000 % 60);
    put_digits(out + 20, 3, left % 1000);
}

// Reads exactly `width` digits at *at.
static bool take_number(struct slice text, size_t *at, int width, int *number)
{
    *number = 0;
    for (int i = 0; i < width; i++, (*at)++) {
        if (*at >= text.len || text.ptr[*at] < '0' || text.ptr[*at] > '9')
            return false;
        *number = *number * 10 + (text.ptr[*at] - '0');
    }
    return true;
}

static bool take_char(struct slice text, size_t *at, const char *any_of)
{
    if (*at >= text.len || !text.ptr[*at] || !strchr(any_of, text.ptr[*at]))
        return false;
    (*at)++;
    return true;
}

static bool take_date(struct slice text, size_t *at, int64_t *days)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!take_number(text, at, 4, &year) || !take_char(text, at, "-") ||
        !take_number(text, at, 2, &month) || !take_char(text, at, "-") ||
        !take_number(text, at, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1])
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

static bool take_time(struct slice text, size_t *at, int64_t *ms)
{
    int hour, minute, second = 0;
    if (!take_number(text, at, 2, &hour) || !take_char(text, at, ":") ||
        !take_number(text, at, 2, &minute))
        return false;
    if (take_char(text, at, ":") && !take_number(text, at, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *ms = ((int64_t)hour * 3600 + minute * 60 + second) * 1000;
    if (!take_char(text, at, ".,"))
        return true;
    size_t first = *at;
    for (int scale = 100; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9';
         scale /= 10, (*at)++)
        *ms += (text.ptr[*at] - '0') * scale;
    return *at > first;
}

static bool take_offset(struct slice text, size_t *at, int64_t *ms)
{
    *ms = 0;
    if (*at == text.len || take_char(text, at, "Zz"))
        return true;
    int sign = text.ptr[*at] == '-' ? -1 : 1, hours, minutes;
    if (!take_char(text, at, "+-") || !take_number(text, at, 2, &hours))
        return false;
    (void)take_char(text, at, ":");
    if (!take_number(text, at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ms = (int64_t)sign * (hours * 60 + minutes) * 60000;
    return true;
}

bool clock_parse(struct slice text, int64_t *wall_ms)
{
    size_t at = 0;
    int64_t days, in_day = 0, offset = 0;
    if (!take_date(text, &at, &days))
        return false;
    if (at < text.len && (!take_char(text, &at, "Tt ") || !take_time(text, &at, &in_day) ||
                          !take_offset(text, &at, &offset)))
        return false;
    *wall_ms = days * DAY_MS + in_day - offset;
    return at == text.len;
}
