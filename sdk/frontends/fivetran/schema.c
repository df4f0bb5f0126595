/* Schema: tables, columns and keys, from a look at the first rows of each stream. */
#include <string.h>

#include "frontends/fivetran/look.h"
#include "frontends/fivetran/fivetran.h"
#include "frontends/fivetran/proto.h"
#include "frontends/platform/declared.h"
#include "sync/key.h"
#include "sync/partitions.h"

static const struct selection everything = {.new_tables = true};

static bool is_declared(const struct tl_stream *stream, const char *column)
{
    for (size_t i = 0; i < stream->n_columns; i++)
        if (strcmp(stream->columns[i].name, column) == 0)
            return true;
    return false;
}

static bool is_key_part(const struct key *key, const char *column)
{
    for (size_t i = 0; i < key->n_parts; i++)
        if (strcmp(key->parts[i].column, column) == 0)
            return true;
    return false;
}

/* Key columns of ours are text; of another one nothing is known. */
static enum tl_type type_of_own(const char *column)
{
    return strncmp(column, "_towline_", 9) == 0 ? TL_TYPE_STRING : TL_TYPE_NULL;
}

/* A table of which no row was seen: what is declared of it, and its key. */
static enum tl_status append_declared(const struct tl_stream *stream,
                                      const struct tl_partitions *partitions, struct buf *out,
                                      struct tl_error *err)
{
    const struct key_partition partition = {.column = partitions->column, .value = ""};
    struct key key = {0};
    size_t begun;

    if (key_init(&key, stream->primary_key, partitions->count ? &partition : NULL, err) !=
        TL_OK)
        return tl_context(err, "stream %s", stream->table);
    begun = proto_begin(out, TABLE_LIST_TABLES);
    proto_text(out, TABLE_NAME, stream->table, strlen(stream->table));
    for (size_t i = 0; i < key.n_parts; i++)
        if (!is_declared(stream, key.parts[i].column)) {
            const char *name = key.parts[i].column;
            view_write_column(&(struct tl_column){.name = name, .type = type_of_own(name)},
                              true, out);
        }
    for (size_t i = 0; i < stream->n_columns; i++)
        view_write_column(&stream->columns[i], is_key_part(&key, stream->columns[i].name), out);
    proto_end(out, begun);
    key_reset(&key);
    return TL_OK;
}

/* The schema is not complete then. */
static void warn_of_failures(const struct look *look)
{
    for (size_t i = 0; i < look->report.n_streams; i++) {
        const struct stream_report *stream = &look->report.streams[i];
        if (stream->error.status != TL_OK)
            order_log_failure(TL_LOG_WARNING, stream->name, &stream->error);
    }
}

static enum tl_status append_schema(const struct declared *declared,
                                    const struct tl_partitions *partitions,
                                    const struct look *look, struct buf *out,
                                    struct tl_error *err)
{
    size_t begun = proto_begin(out, SCHEMA_WITHOUT_SCHEMA);

    for (size_t i = 0; i < declared->schema.n_streams; i++) {
        const struct tl_stream *stream = &declared->schema.streams[i];
        const struct view_table *table = view_find(&look->sink.view, stream->table);
        if (table != NULL)
            view_write_table(table, &everything, TABLE_LIST_TABLES, out);
        else if (append_declared(stream, partitions, out, err) != TL_OK)
            return err->status;
    }
    proto_end(out, begun);
    proto_number_always(out, SCHEMA_SELECTION_NOT_SUPPORTED, false);
    return TL_OK;
}

static enum tl_status find_schema(struct fivetran *fivetran, const struct order *order,
                                  int stop_fd, struct buf *out, struct tl_error *err)
{
    struct declared declared = {0};
    struct tl_partitions partitions = {0};
    struct look look = {0};
    enum tl_status status = declared_open(&declared, fivetran->connector, order->config, err);

    if (status == TL_OK)
        status = partitions_load(fivetran->connector, order->config, &partitions, err);

    if (status == TL_OK) {
        status = look_run(&look, fivetran->connector, order->config, stop_fd, err);
        warn_of_failures(&look);
        if (status == TL_OK)
            status = declared_expand(&declared, &look.report, err);
        if (status == TL_OK)
            status = append_schema(&declared, &partitions, &look, out, err);
        view_told(&look.sink.view);
        if (status == TL_OK)
            memory_keep(&fivetran->memory, order->fingerprint, &look.sink.view);
        look_reset(&look);
    }
    partitions_reset(&partitions);
    declared_reset(&declared);
    return status;
}

void fivetran_schema(struct grpc_service *service, struct grpc_call *call)
{
    struct fivetran *fivetran = (struct fivetran *)service;
    const struct buf *bytes = grpc_call_request(call);
    Fivetran__SchemaRequest *request =
        fivetran__schema_request__unpack(NULL, bytes->size, (const uint8_t *)buf_text(bytes));
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES);
    struct order order = {0};
    struct tl_error err = {0};
    enum tl_status status;

    if (request == NULL) {
        grpc_call_end(call, GRPC_INVALID_ARGUMENT, "the message is no SchemaRequest");
        return;
    }
    frame_begin(&frame);
    status = order_init(&order, request->configuration, request->n_configuration,
                        fivetran->connector, &err);
    if (status == TL_OK)
        status = find_schema(fivetran, &order, grpc_call_stop_fd(call), &frame, &err);
    if (status == TL_OK)
        fivetran_answer(call, &frame);
    else
        order_fail(call, &err);
    buf_free(&frame);
    order_reset(&order);
    fivetran__schema_request__free_unpacked(request, NULL);
}
