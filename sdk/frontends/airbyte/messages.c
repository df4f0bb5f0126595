/* Airbyte's messages, one JSON object a line. */
#include "frontends/airbyte/messages.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "frontends/output.h"

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static void begin_trace(struct buf *out, const char *type)
{
    buf_printf(out, "{\"type\":\"TRACE\",\"trace\":{\"type\":\"%s\",\"emitted_at\":%" PRId64,
               type, clock_utc_us() / 1000);
}

static void append_descriptor(struct buf *out, const char *stream)
{
    buf_append_string(out, "\"stream_descriptor\":{\"name\":");
    append_string(out, stream);
    buf_append_char(out, '}');
}

void airbyte_append_status(struct buf *out, const char *stream, const char *status)
{
    begin_trace(out, "STREAM_STATUS");
    buf_append_string(out, ",\"stream_status\":{");
    append_descriptor(out, stream);
    buf_printf(out, ",\"status\":\"%s\"}}}\n", status);
}

void airbyte_append_estimate(struct buf *out, const char *stream, uint64_t rows, uint64_t bytes)
{
    begin_trace(out, "ESTIMATE");
    buf_append_string(out, ",\"estimate\":{\"type\":\"STREAM\",\"name\":");
    append_string(out, stream);
    buf_printf(out, ",\"row_estimate\":%" PRIu64 ",\"byte_estimate\":%" PRIu64 "}}}\n", rows,
               bytes);
}

/* Who must act, in Airbyte's words. */
static const char *failure_type(enum tl_status status)
{
    if (tl_status_is_transient(status) || tl_status_actor(status) == TL_ACTOR_NOBODY)
        return "transient_error";
    return tl_status_actor(status) == TL_ACTOR_USER ? "config_error" : "system_error";
}

static void append_words(struct buf *out, const struct tl_error *error)
{
    char words[ERROR_TEXT_SIZE];
    output_append_json(out, error_text(error, words));
}

void airbyte_append_error(struct buf *out, const char *stream, const struct tl_error *error)
{
    begin_trace(out, "ERROR");
    buf_append_string(out, ",\"error\":{\"message\":");
    append_words(out, error);
    buf_printf(out, ",\"internal_message\":\"%s\",\"failure_type\":\"%s\"",
               tl_status_text(error->status), failure_type(error->status));
    if (error->trace[0] != '\0') {
        buf_append_string(out, ",\"stack_trace\":");
        output_append_json(out, error->trace);
    }
    if (stream != NULL) {
        buf_append_char(out, ',');
        append_descriptor(out, stream);
    }
    buf_append_string(out, "}}}\n");
}

void airbyte_append_connection(struct buf *out, const struct tl_error *error)
{
    buf_append_string(out, "{\"type\":\"CONNECTION_STATUS\",\"connectionStatus\":");
    if (error->status == TL_OK) {
        buf_append_string(out, "{\"status\":\"SUCCEEDED\"}}\n");
        return;
    }
    buf_append_string(out, "{\"status\":\"FAILED\",\"message\":");
    append_words(out, error);
    buf_append_string(out, "}}\n");
}

static void send(struct emitter *emitter)
{
    struct tl_error unheard = {0};
    (void)!emitter_end(emitter, true, &unheard);
}

void airbyte_send_status(struct emitter *emitter, const char *stream, const char *status)
{
    airbyte_append_status(emitter_begin(emitter), stream, status);
    send(emitter);
}

void airbyte_send_error(struct emitter *emitter, const char *stream,
                        const struct tl_error *error)
{
    struct buf line = BUF_INIT(AIRBYTE_ERROR_BYTES);
    struct buf *out;

    airbyte_append_error(&line, stream, error);
    out = emitter_begin(emitter);
    buf_append(out, line.data, line.size);
    send(emitter);
    buf_free(&line);
}

static void take_line(struct log_sink *sink, enum tl_log_level level, int64_t utc_us,
                      const char *message)
{
    static const char *const levels[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    struct emitter *emitter = ((struct airbyte_log *)sink)->emitter;
    struct buf *out = emitter_begin(emitter);

    (void)utc_us;
    buf_printf(out, "{\"type\":\"LOG\",\"log\":{\"level\":\"%s\",\"message\":", levels[level]);
    append_string(out, message);
    buf_append_string(out, "}}\n");
    send(emitter);
}

void airbyte_log_init(struct airbyte_log *log, struct emitter *emitter, enum tl_log_level level)
{
    *log =
        (struct airbyte_log){.sink = {.line = take_line, .level = level}, .emitter = emitter};
    log_set_sink(&log->sink);
}
