/* The inside of the log: where lines go. towline/log.h is what everybody else uses. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "towline/log.h"
#include "base/buf.h"

/* Receives each line at or above the level, already safe and masked, under the log's lock. */
struct log_sink {
    void (*line)(struct log_sink *self, enum tl_log_level level, int64_t utc_us,
                 const char *message);
    enum tl_log_level level;
};

/* Lends a sink until it is replaced; NULL silences the log. */
void log_set_sink(struct log_sink *sink);

/* Lends another sink, for the lines that the calling thread logs; NULL ends that. It is called
 * without the log's lock, so it may wait. */
void log_set_listener(struct log_sink *listener);

/* The calling thread's listener, for threads that work for it; NULL: none. */
struct log_sink *log_listener(void);

const char *log_level_name(enum tl_log_level level);

/* The level of that name, in any letter case; `otherwise` if it is none, or NULL. */
enum tl_log_level log_level_of(const char *name, enum tl_log_level otherwise);

/* Appends text with every registered secret replaced by ****, also where a secret stands in its
 * JSON-escaped, URL-encoded or base64 form. */
void log_append_masked(struct buf *out, const char *text, size_t size);

/* Forgets and wipes all registered secrets. */
void log_forget_secrets(void);

#endif
