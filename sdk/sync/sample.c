/* Rows as JSON text, for a dry run's sample. */
#include <stdlib.h>

#include "base/text.h"
#include "sync/sync.h"

enum { SAMPLE_MAX_BYTES = 16 * 1024 };

static void sample_value(struct buf *out, const struct tl_value *value)
{
    struct buf text = BUF_INIT(SAMPLE_MAX_BYTES);

    switch (value->type) {
    case TL_TYPE_ABSENT:
    case TL_TYPE_NULL:
        buf_append_string(out, "null");
        break;
    case TL_TYPE_BOOLEAN:
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
    case TL_TYPE_DECIMAL:
    case TL_TYPE_JSON:
        cursor_print(value, out);
        break;
    default:
        buf_append(&text, value->as.text, value->size);
        text_append_json(out, buf_text(&text), text.size);
        buf_free(&text);
    }
}

enum tl_status sync_sample(struct tl_sync *sync, const struct tl_value *cells,
                           struct tl_error *err)
{
    struct buf text = BUF_INIT(SAMPLE_MAX_BYTES);
    struct stream_report *report = sync->report;
    char **sample = realloc(report->sample, (report->n_sample + 1) * sizeof(*sample));
    bool first = true;

    if (sample == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a sample row");
    report->sample = sample;
    buf_append_char(&text, '{');
    for (uint32_t i = 0; i < sync->builder.columns->count; i++) {
        const struct column_name *name = &sync->builder.columns->names[i];
        if (cells[i].type == TL_TYPE_ABSENT)
            continue;
        if (!first)
            buf_append_char(&text, ',');
        first = false;
        text_append_json(&text, name->text, name->size);
        buf_append_char(&text, ':');
        sample_value(&text, &cells[i]);
    }
    buf_append_char(&text, '}');
    if (text.failed) {
        buf_reset(&text);
        buf_append_string(&text, "(a row too long to show)");
    }
    report->sample[report->n_sample] = buf_take(&text);
    if (report->sample[report->n_sample] == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a sample row");
    report->n_sample++;
    return TL_OK;
}
