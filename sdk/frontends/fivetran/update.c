/* Update: the sync, with the platform in the destination's place. */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "frontends/fivetran/sink.h"
#include "frontends/platform/declared.h"
#include "frontends/fivetran/fivetran.h"
#include "frontends/fivetran/proto.h"
#include "sync/run.h"
#include "towline/log.h"

enum { MAX_WARNINGS = 100 };

struct update {
    struct log_sink listener; /* warnings are the user's, too */
    struct fivetran *fivetran;
    struct grpc_call *call;
    struct order order;
    struct selection selection;
    struct sink sink;
    const char **tables;    /* those selected, NULL-terminated */
    atomic_uint n_warnings; /* threads of several partitions may warn */

    pthread_t clock; /* sends checkpoints that are due when no commit does */
    int clock_fd;    /* readable: the clock is to end */
};

/* Checkpoints by the clock. */

static void *clock_main(void *argument)
{
    struct update *update = argument;
    struct pollfd end = {.fd = update->clock_fd, .events = POLLIN};
    struct tl_error ignored = {0}; /* a call that is gone is noticed by who sends rows */
    int ready;

    while ((ready = poll(&end, 1, sink_clock_ms(&update->sink))) <= 0)
        if (ready == 0)
            (void)!sink_checkpoint(&update->sink, false, &ignored);
    return NULL;
}

static enum tl_status clock_start(struct update *update, struct tl_error *err)
{
    update->clock_fd = eventfd(0, EFD_CLOEXEC);
    if (update->clock_fd < 0)
        return tl_fail(err, TL_INTERNAL, "cannot make an eventfd: %s", strerror(errno));
    if (pthread_create(&update->clock, NULL, clock_main, update) == 0)
        return TL_OK;
    (void)close(update->clock_fd);
    return tl_fail(err, TL_INTERNAL, "cannot start the clock for checkpoints");
}

static void clock_stop(struct update *update)
{
    const uint64_t one = 1;

    (void)!write(update->clock_fd, &one, sizeof(one));
    pthread_join(update->clock, NULL);
    (void)close(update->clock_fd);
}

/* The run. */

static void hear(struct log_sink *listener, enum tl_log_level level, int64_t utc_us,
                 const char *message)
{
    struct update *update = (struct update *)listener;
    struct tl_error ignored = {0};

    (void)utc_us;
    if (level == TL_LOG_WARNING && atomic_fetch_add(&update->n_warnings, 1) < MAX_WARNINGS)
        (void)!sink_say(&update->sink, UPDATE_WARNING, message, &ignored);
}

/* Whether a table is that the stream fills. */
static bool is_selected(const struct selection *selection, const struct tl_stream *stream)
{
    if (!schema_is_pattern(stream))
        return selection_has_table(selection, stream->table);
    for (size_t i = 0; i < selection->n_tables; i++)
        if (selection->tables[i].selected && schema_fits(stream, selection->tables[i].name))
            return true;
    return selection->new_tables;
}

/* The names of the streams that are selected. */
static enum tl_status select_tables(struct update *update, const struct declared *declared,
                                    struct tl_error *err)
{
    size_t n_tables = 0;

    update->tables = calloc(declared->schema.n_streams + 1, sizeof(*update->tables));
    if (update->tables == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the selection");
    for (size_t i = 0; i < declared->schema.n_streams; i++) {
        const struct tl_stream *stream = &declared->schema.streams[i];
        if (is_selected(&update->selection, stream))
            update->tables[n_tables++] = stream->table;
    }
    return TL_OK;
}

/* A state that is about none of the streams is another connector's, or of before they were
 * renamed: it is kept, and everything begins anew. */
static void warn_of_strange_state(const struct update *update, const struct declared *declared)
{
    for (size_t i = 0; i < update->sink.n_states; i++)
        if (declared_find(declared, update->sink.states[i].stream) != NULL)
            return;
    if (update->sink.n_states > 0)
        tl_log(TL_LOG_WARNING,
               "the state is about \"%s\" and none of the streams: these start from scratch",
               update->sink.states[0].stream);
}

static enum tl_status run(struct update *update, const struct declared *declared,
                          struct run_report *report, struct tl_error *err)
{
    const struct run_options options = {
        .connector = update->fivetran->connector,
        .config = update->order.config,
        .opened = &update->sink.base,
        .mode = DESTINATION_WRITE,
        .tables = update->tables,
        .stop_fd = grpc_call_stop_fd(update->call),
        .retry_attempts = tl_config_integer(update->order.config, "retry_attempts"),
    };
    enum tl_status status;

    if (update->tables[0] == NULL) {
        tl_log(TL_LOG_INFO, "no table is selected");
        return TL_OK;
    }
    if (clock_start(update, err) != TL_OK)
        return err->status;
    log_set_listener(&update->listener);
    warn_of_strange_state(update, declared);
    status = run_sync(&options, report, err);
    log_set_listener(NULL);
    clock_stop(update);
    return status;
}

/* The end. */

/* The failure that the user must act on; else the first, else the run's own. */
static const struct tl_error *gravest(const struct run_report *report,
                                      const struct tl_error *err)
{
    const struct tl_error *first = NULL;

    for (size_t i = 0; i < report->n_streams; i++) {
        const struct tl_error *error = &report->streams[i].error;
        if (error->status != TL_OK && tl_status_actor(error->status) == TL_ACTOR_USER)
            return error;
        if (error->status != TL_OK && first == NULL)
            first = error;
    }
    return first != NULL ? first : err;
}

static void log_failures(const struct run_report *report, const struct tl_error *err)
{
    size_t n_failed = 0;

    for (size_t i = 0; i < report->n_streams; i++)
        if (report->streams[i].error.status != TL_OK) {
            order_log_failure(TL_LOG_ERROR, report->streams[i].name, &report->streams[i].error);
            n_failed++;
        }
    if (n_failed > 0)
        tl_log(TL_LOG_ERROR, "SYNC FAILED: %zu of %zu streams", n_failed, report->n_streams);
    else
        tl_log(TL_LOG_ERROR, "SYNC FAILED: %s", err->message);
}

/* A task where the user must act, else a status; either is the last that the platform hears. */
static void end_failed(struct update *update, const struct run_report *report,
                       const struct tl_error *err)
{
    const struct tl_error *cause = gravest(report, err);
    struct tl_error ignored = {0};
    struct buf text = BUF_INIT(1 << 20);

    log_failures(report, err);
    if (tl_status_actor(cause->status) != TL_ACTOR_USER) {
        order_fail(update->call, cause);
        return;
    }
    order_append_error(&text, cause);
    if (sink_say(&update->sink, UPDATE_TASK, buf_text(&text), &ignored) == TL_OK)
        grpc_call_end(update->call, GRPC_OK, NULL);
    else
        order_fail(update->call, &ignored);
    buf_free(&text);
}

/* What the platform asked for, as what the run takes. */
static enum tl_status prepare(struct update *update, const Fivetran__UpdateRequest *request,
                              struct tl_error *err)
{
    const struct tl_connector *connector = update->fivetran->connector;
    bool has_selection = request->optional_selection_case ==
                         FIVETRAN__UPDATE_REQUEST__OPTIONAL_SELECTION_SELECTION;
    bool has_state =
        request->optional_state_case == FIVETRAN__UPDATE_REQUEST__OPTIONAL_STATE_STATE_JSON &&
        *request->state_json != '\0';

    if (sink_init(&update->sink, update->call, &update->selection,
                  has_state ? request->state_json : "{}", err) != TL_OK) {
        (void)tl_context(err, "state_json");
        return tl_remedy(err, "Start a re-sync: this state is not one of %s", connector->name);
    }
    update->sink.interval_ms = update->fivetran->checkpoint_ms;
    if (order_init(&update->order, request->configuration, request->n_configuration, connector,
                   err) != TL_OK ||
        order_selection(has_selection ? request->selection : NULL, &update->selection, err) !=
            TL_OK)
        return err->status;
    return memory_recall(&update->fivetran->memory, update->order.fingerprint,
                         &update->sink.view, err);
}

static void answer(struct update *update, const Fivetran__UpdateRequest *request)
{
    struct run_report report = {0};
    struct declared declared = {0};
    struct tl_error err = {0}, unsaved = {0};
    enum tl_status status = prepare(update, request, &err);

    if (status == TL_OK)
        status =
            declared_open(&declared, update->fivetran->connector, update->order.config, &err);
    if (status == TL_OK)
        status = select_tables(update, &declared, &err);
    if (status == TL_OK)
        status = run(update, &declared, &report, &err);
    /* What was committed before a failure is saved, too. */
    if ((status == TL_OK || update->sink.unsaved) &&
        sink_checkpoint(&update->sink, true, &unsaved) != TL_OK && status == TL_OK) {
        err = unsaved;
        status = err.status;
    }
    if (status == TL_OK)
        grpc_call_end(update->call, GRPC_OK, NULL);
    else
        end_failed(update, &report, &err);
    declared_reset(&declared);
    run_report_reset(&report);
}

void fivetran_update(struct grpc_service *service, struct grpc_call *call)
{
    struct update update = {.listener = {.line = hear, .level = TL_LOG_WARNING},
                            .fivetran = (struct fivetran *)service,
                            .call = call};
    const struct buf *bytes = grpc_call_request(call);
    Fivetran__UpdateRequest *request =
        fivetran__update_request__unpack(NULL, bytes->size, (const uint8_t *)buf_text(bytes));

    if (request == NULL) {
        grpc_call_end(call, GRPC_INVALID_ARGUMENT, "the message is no UpdateRequest");
        return;
    }
    answer(&update, request);
    sink_reset(&update.sink);
    selection_reset(&update.selection);
    order_reset(&update.order);
    free(update.tables);
    fivetran__update_request__free_unpacked(request, NULL);
}
