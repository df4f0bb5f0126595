/* How fast rows become durable: bench_upsert FILE URL. The file's rows lie parsed in memory
 * before the clock starts; then the SDK's writer takes them into the table `t` of the
 * destination, in one transaction with the state, as a sync would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/input.h"
#include "sync/writer.h"

/* A sink that keeps blocks as operations. */
struct keeper {
    struct builder_sink base;
    struct stream_run *stream;
    struct operation *first;
    struct operation **end;
};

static enum tl_status keep(struct builder_sink *sink, struct block *block, struct tl_error *err)
{
    struct keeper *self = (struct keeper *)sink;
    struct operation *operation = operation_new(OPERATION_UPSERT, self->stream, err);

    if (operation == NULL) {
        block_free(block);
        return err->status;
    }
    operation->block = block;
    operation->next = NULL;
    *self->end = operation;
    self->end = &operation->next;
    return TL_OK;
}

/* Takes what is kept, and the checkpoint after it, through a writer. */
static enum tl_status write_all(struct keeper *keeper, const struct writer_options *options,
                                struct queue *queue, struct tl_error *err)
{
    struct writer *writer = NULL;
    struct operation *checkpoint = operation_new(OPERATION_CHECKPOINT, keeper->stream, err);

    if (checkpoint != NULL)
        checkpoint->state = strdup("{}"); /* NULL would only save no state */
    if (checkpoint == NULL || writer_new(options, &writer, err) != TL_OK) {
        operation_free(checkpoint);
        return err->status;
    }
    while (keeper->first != NULL) {
        struct operation *operation = keeper->first;
        keeper->first = operation->next;
        queue_push(queue, operation);
    }
    checkpoint->last = true;
    queue_push(queue, checkpoint);
    writer_free(writer);
    if (atomic_load(&keeper->stream->failed))
        *err = keeper->stream->error;
    return err->status; /* zero before: TL_OK unless something failed */
}

/* Opens, writes, closes: all that a sync does with the destination. */
static enum tl_status sync_rows(struct keeper *keeper, const char *url, struct tl_error *err)
{
    const struct queue_limit unlimited = {SIZE_MAX, SIZE_MAX};
    const struct destination_ops *ops;
    struct destination_contents contents = {0};
    struct queue *queue = NULL;
    struct writer_options options = {.contents = &contents, .keep_record = true};
    enum tl_status status = destination_find(url, &ops, err);

    if (status != TL_OK)
        return status;
    if ((status = ops->open(url, DESTINATION_WRITE, &options.destination, err)) == TL_OK &&
        (status = ops->load(options.destination, &contents, err)) == TL_OK &&
        (status = queues_new(unlimited, unlimited, &options.queues, err)) == TL_OK &&
        (status = queue_new(options.queues, &queue, err)) == TL_OK)
        status = write_all(keeper, &options, queue, err);
    queues_free(options.queues);
    destination_contents_reset(&contents);
    ops->close(options.destination);
    return status;
}

/* Reads the rows, then writes them by the clock. */
static enum tl_status measure(struct keeper *keeper, const struct buf *text, const char *url,
                              struct tl_error *err)
{
    uint64_t rows;
    double start, seconds;

    if (input_read(text, &keeper->base, &rows, err) != TL_OK)
        return err->status;
    start = input_seconds();
    if (sync_rows(keeper, url, err) != TL_OK)
        return err->status;
    seconds = input_seconds() - start;
    printf("%.4f s, %.2f M rows/s\n", seconds, (double)rows / seconds / 1e6);
    return TL_OK;
}

static void keeper_reset(struct keeper *keeper)
{
    struct stream_run *run = keeper->stream;
    struct operation *operation;

    while ((operation = keeper->first) != NULL) {
        keeper->first = operation->next;
        operation_free(operation);
    }
    for (size_t i = 0; i < run->n_schema_notes; i++)
        free(run->schema_notes[i]);
    free(run->schema_notes);
    free(run->state);
    key_reset(&run->key);
}

int main(int argc, char **argv)
{
    static const char *const key[] = {"id", NULL};
    const struct tl_stream stream = {.table = "t", .primary_key = key};
    struct stream_run run = {
        .stream = &stream, .name = "t", .run = 1, .started_us = clock_utc_us()};
    struct keeper keeper = {.base = {.block = keep}, .stream = &run, .end = &keeper.first};
    struct buf text = BUF_INIT(0);
    struct tl_error err = {0};
    enum tl_status status;

    if (argc != 3) {
        fprintf(stderr, "Usage: bench_upsert FILE URL\n");
        return 2;
    }
    if ((status = key_init(&run.key, key, NULL, &err)) == TL_OK &&
        (status = input_load(argv[1], &text, &err)) == TL_OK)
        status = measure(&keeper, &text, argv[2], &err);
    keeper_reset(&keeper);
    buf_free(&text);
    return status == TL_OK ? EXIT_SUCCESS : input_complain("bench_upsert", &err);
}
