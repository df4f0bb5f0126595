/* The page of `report`: HTML that stands alone. */
#ifndef CLI_REPORT_PAGE_H
#define CLI_REPORT_PAGE_H

#include "base/buf.h"
#include "destinations/destination.h"

struct report_page {
    const char *program, *version;
    const char *destination; /* its URL */
    int64_t written_us;
    const struct destination_contents *contents; /* with the records of the runs */
    const char *const *streams;                  /* those alone, NULL-terminated; NULL: all */
};

/* Appends the page. What it says depends on its arguments alone. */
void report_page_append(const struct report_page *page, struct buf *out);

/* Whether the page is about that table, stream, or stream of a partition. */
bool report_page_has(const struct report_page *page, const char *stream);

#endif
