/* Setup tests: the platform asks for each by name; one walk through the check's steps answers
 * all of them. Running the streams, which may take long, is left to the test that is about it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "frontends/checks.h"
#include "frontends/fivetran/look.h"
#include "frontends/fivetran/fivetran.h"
#include "frontends/fivetran/fields.h"
#include "frontends/fivetran/proto.h"
#include "frontends/platform/declared.h"
#include "sync/partitions.h"

/* Collects the steps as they end. */
struct recorder {
    struct tl_probe probe;
    struct memory_steps steps;
};

static void record(struct recorder *recorder, const char *name, enum probe_result result,
                   const struct tl_error *error)
{
    struct memory_steps *steps = &recorder->steps;
    struct memory_step *grown =
        realloc(steps->steps, (steps->n_steps + 1) * sizeof(*steps->steps));
    struct buf failure = BUF_INIT(1 << 20);

    if (grown == NULL)
        return;
    steps->steps = grown;
    grown = &grown[steps->n_steps++];
    *grown = (struct memory_step){.passed = result == PROBE_PASSED};
    (void)snprintf(grown->name, sizeof(grown->name), "%s", name);
    if (error != NULL) {
        order_append_error(&failure, error);
        (void)snprintf(grown->failure, sizeof(grown->failure), "%s", buf_text(&failure));
    }
    buf_free(&failure);
}

static void step_ended(struct tl_probe *probe, const struct probe_step *step)
{
    struct recorder *recorder = (struct recorder *)probe;

    record(recorder, step->name, step->result, step->error);
}

static void walk_connection(struct recorder *recorder, const struct fivetran *fivetran,
                            const struct order *order, int stop_fd)
{
    const struct run_options run = {
        .connector = fivetran->connector, .config = order->config, .stop_fd = stop_fd};
    const struct checks_options checks = {.run = &run, .connection_only = true};
    struct tl_error ignored = {0};

    (void)!checks_run(&checks, &recorder->probe, &ignored);
}

static void walk_streams(struct recorder *recorder, const struct fivetran *fivetran,
                         const struct order *order, int stop_fd)
{
    struct look look = {0};
    struct tl_error err = {0};
    enum tl_status status = look_run(&look, fivetran->connector, order->config, stop_fd, &err);

    for (size_t i = 0; status == TL_OK && i < look.report.n_streams; i++) {
        const struct stream_report *stream = &look.report.streams[i];
        if (stream->error.status != TL_OK && !look.timed_out) {
            err = stream->error;
            status = err.status;
        }
    }
    record(recorder, FORM_TEST_STREAMS, status == TL_OK ? PROBE_PASSED : PROBE_FAILED,
           status == TL_OK ? NULL : &err);
    look_reset(&look);
}

static void answer(struct grpc_call *call, const struct memory_step *outcome)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES);

    frame_begin(&frame);
    if (outcome->passed)
        proto_number_always(&frame, TEST_SUCCESS, true);
    else
        proto_text_always(&frame, TEST_FAILURE, outcome->failure);
    fivetran_answer(call, &frame);
}

static enum tl_status check_name(const struct tl_connector *connector, const char *name,
                                 struct tl_error *err)
{
    char shown[96];

    if (strcmp(name, FORM_TEST_CONFIGURATION) == 0 || strcmp(name, FORM_TEST_STREAMS) == 0)
        return TL_OK;
    for (const char *const *step = connector->steps; step != NULL && *step != NULL; step++)
        if (strcmp(*step, name) == 0)
            return TL_OK;
    return tl_fail(err, TL_USAGE, "there is no test \"%s\"",
                   text_safe(shown, sizeof(shown), name, strlen(name)));
}

/* What can be said of a configuration without connecting. */
static enum tl_status check_configuration(const struct fivetran *fivetran,
                                          const struct order *order, struct tl_error *err)
{
    struct declared declared = {0};
    struct tl_partitions partitions = {0};

    if (declared_open(&declared, fivetran->connector, order->config, err) == TL_OK)
        (void)!partitions_load(fivetran->connector, order->config, &partitions, err);
    partitions_reset(&partitions);
    declared_reset(&declared);
    return err->status;
}

static void try_streams(const struct fivetran *fivetran, const struct order *order, int stop_fd,
                        struct memory_step *outcome)
{
    struct recorder recorder = {0};

    walk_streams(&recorder, fivetran, order, stop_fd);
    *outcome = memory_outcome(&recorder.steps, FORM_TEST_STREAMS);
    free(recorder.steps.steps);
}

/* One walk answers for all steps of the connection. */
static void try_connection(struct fivetran *fivetran, const struct order *order,
                           const char *name, int stop_fd, struct memory_step *outcome)
{
    struct recorder recorder = {.probe = {.ended = step_ended}};

    if (memory_recall_step(&fivetran->memory, order->fingerprint, name, outcome))
        return;
    record(&recorder, FORM_TEST_CONFIGURATION, PROBE_PASSED, NULL);
    walk_connection(&recorder, fivetran, order, stop_fd);
    *outcome = memory_outcome(&recorder.steps, name);
    memory_keep_steps(&fivetran->memory, order->fingerprint, &recorder.steps);
}

void fivetran_test(struct grpc_service *service, struct grpc_call *call)
{
    struct fivetran *fivetran = (struct fivetran *)service;
    const struct buf *bytes = grpc_call_request(call);
    Fivetran__TestRequest *request =
        fivetran__test_request__unpack(NULL, bytes->size, (const uint8_t *)buf_text(bytes));
    struct memory_step outcome = {0};
    struct order order = {0};
    struct tl_error err = {0};

    if (request == NULL) {
        grpc_call_end(call, GRPC_INVALID_ARGUMENT, "the message is no TestRequest");
        return;
    }
    if (check_name(fivetran->connector, request->name, &err) != TL_OK) {
        order_fail(call, &err);
    } else if (order_init(&order, request->configuration, request->n_configuration,
                          fivetran->connector, &err) != TL_OK ||
               check_configuration(fivetran, &order, &err) != TL_OK) {
        struct recorder recorder = {0};
        record(&recorder, FORM_TEST_CONFIGURATION, PROBE_FAILED, &err);
        answer(call, recorder.steps.n_steps > 0 ? recorder.steps.steps : &outcome);
        free(recorder.steps.steps);
    } else {
        int stop_fd = grpc_call_stop_fd(call);
        if (strcmp(request->name, FORM_TEST_STREAMS) == 0)
            try_streams(fivetran, &order, stop_fd, &outcome);
        else
            try_connection(fivetran, &order, request->name, stop_fd, &outcome);
        answer(call, &outcome);
    }
    order_reset(&order);
    fivetran__test_request__free_unpacked(request, NULL);
}
