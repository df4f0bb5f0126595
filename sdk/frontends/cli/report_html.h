/* The small change of the page of `report`: text, numbers and times as HTML. */
#ifndef CLI_REPORT_HTML_H
#define CLI_REPORT_HTML_H

#include <stdint.h>

#include "base/buf.h"

/* The style sheet, in pieces; NULL-terminated. */
extern const char *const report_style[];

/* Text from elsewhere: secrets masked, control characters made harmless, markup escaped. */
void html_text(struct buf *out, const char *text);

/* "1 234 567", grouped, with the plain number beside it for programs. */
void html_number(struct buf *out, uint64_t number);

/* "1.2 MB", likewise. */
void html_bytes(struct buf *out, uint64_t bytes);

/* "4.20 s", "12 min 30 s". */
void html_duration(struct buf *out, int64_t duration_us);

/* "2026-11-21 12:00:00 UTC". */
void html_time(struct buf *out, int64_t utc_us);

#endif
