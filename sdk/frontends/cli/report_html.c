/* The small change of the page of `report`: text, numbers and times as HTML. */
#include "frontends/cli/report_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "frontends/output.h"

static void append_escaped(struct buf *out, char c)
{
    switch (c) {
    case '&':
        buf_append_string(out, "&amp;");
        break;
    case '<':
        buf_append_string(out, "&lt;");
        break;
    case '>':
        buf_append_string(out, "&gt;");
        break;
    case '"':
        buf_append_string(out, "&quot;");
        break;
    case '\'':
        buf_append_string(out, "&#39;");
        break;
    default:
        buf_append_char(out, c);
    }
}

void html_text(struct buf *out, const char *text)
{
    struct buf safe = BUF_INIT(OUTPUT_MAX_BYTES);

    output_append_safe(&safe, text);
    for (size_t i = 0; i < safe.size; i++)
        append_escaped(out, safe.data[i]);
    out->failed = out->failed || safe.failed;
    buf_free(&safe);
}

void html_number(struct buf *out, uint64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);

    buf_printf(out, "<data value=\"%s\">", digits);
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            buf_append_string(out, "&#8239;");
        buf_append_char(out, digits[i]);
    }
    buf_append_string(out, "</data>");
}

void html_bytes(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double scaled = (double)bytes;
    size_t unit = 0;

    for (; scaled >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        scaled /= 1000;
    buf_printf(out, "<data value=\"%" PRIu64 "\">%.*f&#160;%s</data>", bytes,
               unit > 0 && scaled < 99.95 ? 1 : 0, scaled, units[unit]);
}

void html_duration(struct buf *out, int64_t duration_us)
{
    int64_t seconds = duration_us / 1000000;

    if (seconds < 60)
        buf_printf(out, "%.2f&#160;s", (double)duration_us / 1000000);
    else if (seconds < 3600)
        buf_printf(out, "%" PRId64 "&#160;min %" PRId64 "&#160;s", seconds / 60, seconds % 60);
    else
        buf_printf(out, "%" PRId64 "&#160;h %" PRId64 "&#160;min", seconds / 3600,
                   seconds / 60 % 60);
}

void html_time(struct buf *out, int64_t utc_us)
{
    char text[CLOCK_UTC_SIZE];

    (void)clock_format_utc(utc_us, text);
    buf_printf(out, "<time datetime=\"%s\">%.10s %.8s UTC</time>", text, text, text + 11);
}
