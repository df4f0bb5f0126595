/* Discovery: the streams run, and nothing is kept but what their tables look like. */
#ifndef PLATFORM_DISCOVERY_H
#define PLATFORM_DISCOVERY_H

#include "frontends/platform/declared.h"
#include "frontends/platform/lines.h"
#include "frontends/platform/platform.h"

struct discovery {
    struct lines lines;
    struct selection all;
    struct run_report report;
};

/* Runs the streams of those names (NULL: all), each to its end or for enough_rows (0: to its
 * end). Fails as the first of them that fails. The caller resets *out in any case. */
TL_NODISCARD enum tl_status discovery_run(struct discovery *out,
                                          const struct platform *platform,
                                          const char *const *tables, uint64_t enough_rows,
                                          struct tl_error *err);
void discovery_reset(struct discovery *discovery);

/* What is known of a column: by its name in the catalog. */
struct discovered_column {
    const char *name;
    struct column_form form;
};

/* The columns of a stream, in the order in which they were first seen; then those that are
 * declared but were not seen. False past the end. */
bool discovery_column(struct discovery *discovery, const struct tl_stream *stream, size_t index,
                      struct discovered_column *out);

/* The names of the primary key's columns, in its order; NULL past the end. A stream that had no
 * row has no content hash, and no key found by a pointer, either. */
const char *discovery_key(const struct discovery *discovery, const struct tl_stream *stream,
                          size_t index);

/* How many rows the stream had; 0 if it was not run. */
uint64_t discovery_rows(const struct discovery *discovery, const struct tl_stream *stream);

#endif
