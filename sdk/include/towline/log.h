/* The log: one process-wide stream of lines; the front end decides where they go. */
#ifndef TOWLINE_LOG_H
#define TOWLINE_LOG_H

#include <stddef.h>

#include "towline/error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum tl_log_level { TL_LOG_DEBUG, TL_LOG_INFO, TL_LOG_WARNING, TL_LOG_ERROR };

/* Logs one line. Control characters are made harmless and registered secrets masked before the
 * line reaches any sink, so remote text may be passed as it came. Thread-safe. */
void tl_log(enum tl_log_level level, const char *format, ...) TL_PRINTF(2, 3);

/* Registers a value that no log line or error may show; copies it. Values shorter than four
 * bytes are not registered: masking them would mangle every line. Thread-safe. */
void tl_log_add_secret(const char *value, size_t size);

#ifdef __cplusplus
}
#endif
#endif
