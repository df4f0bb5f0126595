/* Airbyte's messages, one JSON object a line. What people read in them has its secrets masked
 * and its control characters made harmless; rows are sent as they are. */
#ifndef AIRBYTE_MESSAGES_H
#define AIRBYTE_MESSAGES_H

#include "base/log.h"
#include "frontends/platform/emitter.h"

/* What a message about an error takes at the most. */
enum { AIRBYTE_ERROR_BYTES = 64 * 1024 };

/* Stream statuses, as Airbyte names them. */
#define AIRBYTE_STARTED    "STARTED"
#define AIRBYTE_RUNNING    "RUNNING"
#define AIRBYTE_COMPLETE   "COMPLETE"
#define AIRBYTE_INCOMPLETE "INCOMPLETE"

/* Each appends one line. The last two mask secrets: not between emitter_begin and
 * emitter_end. */
void airbyte_append_status(struct buf *out, const char *stream, const char *status);
void airbyte_append_estimate(struct buf *out, const char *stream, uint64_t rows,
                             uint64_t bytes);
void airbyte_append_error(struct buf *out, const char *stream, const struct tl_error *error);
void airbyte_append_connection(struct buf *out, const struct tl_error *error);

/* A message alone, written at once; that it could not be shows with the caller's next one. */
void airbyte_send_status(struct emitter *emitter, const char *stream, const char *status);
void airbyte_send_error(struct emitter *emitter, const char *stream,
                        const struct tl_error *error);

/* The log as LOG messages. */
struct airbyte_log {
    struct log_sink sink;
    struct emitter *emitter;
};

void airbyte_log_init(struct airbyte_log *log, struct emitter *emitter,
                      enum tl_log_level level);

#endif
