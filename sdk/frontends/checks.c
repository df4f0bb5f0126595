/* The setup tests behind `check`: connection, streams, destination. */
#include "frontends/checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/rehearsal.h"
#include "sync/partitions.h"

static bool is_step(const struct tl_connector *connector, const char *name)
{
    for (const char *const *step = connector->steps; step != NULL && *step != NULL; step++)
        if (strcmp(*step, name) == 0)
            return true;
    return false;
}

/* The connector's steps after the one that failed; all of them, if it was one before them. */
static void skip_rest(const struct tl_connector *connector, struct tl_probe *probe)
{
    bool after = !is_step(connector, probe->step);

    for (const char *const *step = connector->steps; step != NULL && *step != NULL; step++) {
        if (after)
            probe_skip(probe, *step, NULL);
        after = after || strcmp(*step, probe->step) == 0;
    }
}

/* The connection of one partition; name NULL: the connector has none. */
static enum tl_status check_connection(const struct checks_options *options, const char *name,
                                       size_t index, struct tl_probe *probe,
                                       struct tl_error *err)
{
    const struct tl_connector *connector = options->run->connector;
    const struct tl_open open = {.config = options->run->config,
                                 .stop_fd = options->run->stop_fd,
                                 .approve = options->approve,
                                 .partition_index = index,
                                 .partition = name};
    struct tl_instance *instance = NULL;
    enum tl_status status;

    probe->partition = name;
    tl_probe_begin(probe, "connector");
    status = connector->open(&open, &instance, err);
    if (status != TL_OK) {
        probe_fail(probe, err);
        return status;
    }
    probe->running = false; /* opening is worth a line only when it fails */
    if (connector->check != NULL)
        status = connector->check(instance, probe, err);
    if (connector->close != NULL)
        connector->close(instance);
    if (status == TL_OK) {
        tl_probe_pass(probe, NULL);
        return TL_OK;
    }
    if (!probe->running)
        tl_probe_begin(probe, "connection");
    probe_fail(probe, err);
    skip_rest(connector, probe);
    return status;
}

/* Whether a failure says that what came was wrong, not that nothing came. */
static bool is_about_output(enum tl_status status)
{
    return status == TL_DATA || status == TL_DESTINATION;
}

static void report_stream(const struct stream_report *stream, struct tl_probe *probe)
{
    char runs[192], parses[192], detail[64];

    probe->partition = stream->partition;
    (void)snprintf(runs, sizeof(runs), "stream %s runs", stream->table);
    (void)snprintf(parses, sizeof(parses), "stream %s parses", stream->table);
    (void)snprintf(detail, sizeof(detail), "%" PRIu64 " row%s", stream->rows_read,
                   stream->rows_read == 1 ? "" : "s");
    if (stream->error.status != TL_OK && !is_about_output(stream->error.status)) {
        probe_report(probe, runs, stream->duration_ms, NULL, &stream->error);
        probe_skip(probe, parses, NULL);
        return;
    }
    probe_report(probe, runs, stream->duration_ms, NULL, NULL);
    if (stream->error.status != TL_OK)
        probe_report(probe, parses, 0, NULL, &stream->error);
    else
        probe_report(probe, parses, 0, detail, NULL);
}

struct streams_observer {
    struct run_observer base;
    struct tl_probe *probe;
    bool any; /* stream has ended */
};

static void stream_ended(struct run_observer *observer, const struct stream_report *stream)
{
    struct streams_observer *self = (struct streams_observer *)observer;

    self->any = true;
    report_stream(stream, self->probe);
}

/* partitions: those that can be reached, as in run_options. */
static void check_streams(const struct checks_options *options, const char *const *partitions,
                          struct tl_probe *probe)
{
    struct run_report report = {0};
    struct tl_error err = {0};
    struct streams_observer observer = {.base = {.ended = stream_ended}, .probe = probe};
    struct run_options run = *options->run;
    enum tl_status status;

    if (options->connection_only)
        return;
    run.observer = &observer.base;
    run.partitions = partitions;
    status = rehearsal_run(&run, &report, &err);
    probe->partition = NULL;
    if (status != TL_OK && (!observer.any || probe->first_failure.status == TL_OK))
        probe_report(probe, "streams", 0, NULL, &err);
    run_report_reset(&report);
}

static void check_destination(const struct run_options *run, struct tl_probe *probe)
{
    struct destination_contents contents = {0};
    struct destination *destination = NULL;
    struct tl_error err = {0};
    enum tl_status status;

    tl_probe_begin(probe, "destination");
    status = run->destination->open(run->url, DESTINATION_WRITE, &destination, &err);
    if (status == TL_OK)
        status = run->destination->load(destination, &contents, &err);
    if (destination != NULL)
        run->destination->close(destination);
    destination_contents_reset(&contents);
    if (status == TL_OK)
        tl_probe_pass(probe, run->url);
    else
        probe_fail(probe, &err);
}

static bool was_stopped(const struct tl_probe *probe)
{
    return probe->first_failure.status == TL_INTERRUPTED ||
           probe->first_failure.status == TL_TERMINATED;
}

/* Each partition's connection, then the streams of those that can be reached. */
static void check_partitions(const struct checks_options *options,
                             const struct tl_partitions *partitions, struct tl_probe *probe)
{
    const char **reached = calloc(partitions->count + 1, sizeof(*reached));
    size_t n_reached = 0;

    for (size_t i = 0; reached != NULL && i < partitions->count && !was_stopped(probe); i++) {
        const char *name = partitions->names[i];
        struct tl_error err = {0};
        if (check_connection(options, name, i, probe, &err) == TL_OK)
            reached[n_reached++] = name;
        else
            probe_skip(probe, "streams", "a step before it failed");
    }
    if (n_reached > 0)
        check_streams(options, reached, probe);
    probe->partition = NULL;
    free(reached);
}

static bool check_alone(const struct checks_options *options, struct tl_probe *probe)
{
    struct tl_error err = {0};

    probe->running = false;
    return check_connection(options, NULL, 0, probe, &err) == TL_OK;
}

static void check_source(const struct checks_options *options, struct tl_probe *probe)
{
    struct tl_partitions partitions = {0};
    struct tl_error err = {0};

    tl_probe_begin(probe, "connector");
    if (partitions_load(options->run->connector, options->run->config, &partitions, &err) !=
        TL_OK) {
        probe_fail(probe, &err);
        probe_skip(probe, "streams", "a step before it failed");
    } else if (partitions.count > 0) {
        probe->running = false;
        check_partitions(options, &partitions, probe);
    } else if (check_alone(options, probe)) {
        check_streams(options, NULL, probe);
    } else {
        probe_skip(probe, "streams", "a step before it failed");
    }
    partitions_reset(&partitions);
}

enum tl_status checks_run(const struct checks_options *options, struct tl_probe *probe,
                          struct tl_error *err)
{
    check_source(options, probe);
    if (!was_stopped(probe) && options->run->opened == NULL && !options->connection_only)
        check_destination(options->run, probe);
    *err = probe->first_failure;
    return err->status;
}
