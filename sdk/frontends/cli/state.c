/* The command `state`: what the destination has saved about how far each stream got. */
#include "sync/state.h"

#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "frontends/cli/job.h"
#include "frontends/cli/prompt.h"
#include "frontends/cli/streams.h"
#include "frontends/output.h"
#include "towline/log.h"

/* What each of the verbs works with. */
struct work {
    struct cli *cli;
    struct job *job;
    struct streams streams; /* as they are at first */
};

typedef enum tl_status state_verb(struct work *work, struct tl_error *err);

/* Somebody else wrote it: Towline saves no state that it has not checked. */
static enum tl_status fail_corrupt(const struct work *work, const char *stream,
                                   struct tl_error *err)
{
    (void)tl_fail(err, TL_DESTINATION, "%s: the saved state of stream %s is not a JSON object",
                  work->job->url, stream);
    return tl_remedy(err,
                     "Mend it with `%s state set --stream %s FILE`, or clear it with `state "
                     "reset --stream %s`",
                     work->cli->connector->name, stream, stream);
}

static enum tl_status append_state(const struct work *work, const char *stream,
                                   const char *json, struct buf *out, struct tl_error *err)
{
    if (state_check(json, err) != TL_OK)
        return fail_corrupt(work, stream, err);
    text_append_json_safe(out, json, strlen(json));
    return TL_OK;
}

/* The stream, if the command line names a single one; or NULL. */
static const char *only_stream(const struct cli *cli)
{
    const char *const *chosen = cli->options.streams;
    return chosen != NULL && chosen[1] == NULL ? chosen[0] : NULL;
}

static enum tl_status append_own(const struct work *work, const char *stream, struct buf *out,
                                 struct tl_error *err)
{
    const char *json = streams_saved_state(&work->streams, stream);

    if (append_state(work, stream, json ? json : "{}", out, err) != TL_OK)
        return err->status;
    buf_append_char(out, '\n');
    return TL_OK;
}

static enum tl_status append_whole(const struct work *work, struct buf *out,
                                   struct tl_error *err)
{
    const struct destination_contents *saved = &work->streams.saved;
    bool first = true;

    buf_append_char(out, '{');
    for (size_t i = 0; i < saved->n_states; i++) {
        const char *stream = saved->states[i].stream;
        if (!streams_is_selected(work->cli, stream))
            continue;
        buf_append_string(out, first ? "\n  " : ",\n  ");
        output_append_json(out, stream);
        buf_append_string(out, ": ");
        if (append_state(work, stream, saved->states[i].json, out, err) != TL_OK)
            return err->status;
        first = false;
    }
    buf_append_string(out, first ? "}\n" : "\n}\n");
    return TL_OK;
}

static enum tl_status show(struct work *work, struct tl_error *err)
{
    struct buf out = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status = streams_check_selection(&work->streams, work->cli, err);
    const char *only = only_stream(work->cli);

    if (status == TL_OK && only != NULL)
        status = append_own(work, only, &out, err);
    else if (status == TL_OK)
        status = append_whole(work, &out, err);
    if (status == TL_OK)
        status = output_print(&out, err);
    buf_free(&out);
    return status;
}

/* Takes each stream of a whole state into the destination. */
struct writing {
    struct state_visitor visitor;
    const struct cli *cli;
    const struct destination_ops *ops;
    struct destination *destination;
};

static enum tl_status write_member(struct state_visitor *visitor, const char *stream,
                                   const char *json, struct tl_error *err)
{
    struct writing *self = (struct writing *)visitor;

    if (!streams_is_selected(self->cli, stream))
        return TL_OK;
    tl_log(TL_LOG_INFO, "state of %s: replaced", stream);
    return self->ops->commit(self->destination, stream, json, NULL, err);
}

/* A stream that the new state does not name has none any more. */
static enum tl_status clear_others(const struct writing *writing, const char *whole,
                                   const struct destination_contents *contents,
                                   struct tl_error *err)
{
    for (size_t i = 0; i < contents->n_states; i++) {
        const char *stream = contents->states[i].stream;
        struct buf ignored = BUF_INIT(STATE_MAX_BYTES);
        bool named = state_get(whole, stream, &ignored);
        buf_free(&ignored);
        if (named || !streams_is_selected(writing->cli, stream))
            continue;
        tl_log(TL_LOG_INFO, "state of %s: cleared", stream);
        if (writing->ops->commit(writing->destination, stream, "", NULL, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

static enum tl_status write_whole(const struct work *work, const char *whole,
                                  struct tl_error *err)
{
    struct writing writing = {
        .visitor = {.member = write_member}, .cli = work->cli, .ops = work->job->destination};
    struct destination_contents contents = {0};
    enum tl_status status =
        writing.ops->open(work->job->url, DESTINATION_WRITE, &writing.destination, err);

    if (status == TL_OK)
        status = writing.ops->load(writing.destination, &contents, err);
    if (status == TL_OK)
        status = clear_others(&writing, whole, &contents, err);
    if (status == TL_OK)
        status = state_visit(whole, &writing.visitor, err);
    if (writing.destination != NULL)
        writing.ops->close(writing.destination);
    destination_contents_reset(&contents);
    return status;
}

/* Goes through a state before anything is written. */
struct checking {
    struct state_visitor visitor;
    const struct streams *streams;
};

static enum tl_status check_member(struct state_visitor *visitor, const char *stream,
                                   const char *json, struct tl_error *err)
{
    struct checking *self = (struct checking *)visitor;

    (void)json;
    /* Without a configuration a state may be there before its stream. */
    return self->streams->closed ? streams_check(self->streams, stream, err) : TL_OK;
}

/* The whole of a single stream's own state: {"NAME": ...}. */
static enum tl_status wrap(const char *stream, const struct buf *own, struct buf *out,
                           struct tl_error *err)
{
    if (state_check(buf_text(own), err) != TL_OK)
        return err->status;
    buf_append_char(out, '{');
    text_append_json(out, stream, strlen(stream));
    buf_append_char(out, ':');
    buf_append(out, buf_text(own), own->size);
    buf_append_char(out, '}');
    return buf_check(out, "the state", err);
}

static enum tl_status set_from(const struct work *work, const char *path, struct tl_error *err)
{
    struct checking checking = {.visitor = {.member = check_member}, .streams = &work->streams};
    const char *only = only_stream(work->cli);
    struct buf given = BUF_INIT(STATE_MAX_BYTES), whole = BUF_INIT(STATE_MAX_BYTES + 4096);
    enum tl_status status = config_read_argument(path, &given, err);

    if (status == TL_OK && only != NULL)
        status = wrap(only, &given, &whole, err);
    else
        buf_append(&whole, buf_text(&given), given.size);
    if (status == TL_OK && state_visit(buf_text(&whole), &checking.visitor, err) != TL_OK)
        status = tl_context(err, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    if (status == TL_OK)
        status = write_whole(work, buf_text(&whole), err);
    buf_free(&given);
    buf_free(&whole);
    return status;
}

static enum tl_status set(struct work *work, struct tl_error *err)
{
    const char *path = work->cli->arguments.words[1];

    if (path == NULL) {
        (void)tl_fail(err, TL_USAGE, "state set needs a file with the new state");
        return tl_remedy(err, "Write state set FILE, or - for standard input");
    }
    if (work->streams.closed &&
        streams_check_selection(&work->streams, work->cli, err) != TL_OK)
        return err->status;
    return set_from(work, path, err);
}

/* Appends the names of the streams to be cleared; returns how many. */
static size_t name_saved(const struct work *work, struct buf *out)
{
    const struct destination_contents *saved = &work->streams.saved;
    size_t count = 0;

    for (size_t i = 0; i < saved->n_states; i++)
        if (streams_is_selected(work->cli, saved->states[i].stream))
            buf_printf(out, "%s%s", count++ ? ", " : "", saved->states[i].stream);
    return count;
}

static enum tl_status reset(struct work *work, struct tl_error *err)
{
    struct buf names = BUF_INIT(64 * 1024), question = BUF_INIT(128 * 1024);
    enum tl_status status = streams_check_selection(&work->streams, work->cli, err);
    const char *url = work->job->url;
    bool yes = false;

    if (status == TL_OK && name_saved(work, &names) == 0) {
        tl_log(TL_LOG_INFO, "there is no saved state to clear in %s", url);
    } else if (status == TL_OK) {
        buf_printf(&question, "Clear the saved state of %s in %s?", buf_text(&names), url);
        status = prompt_confirm(&work->cli->options, buf_text(&question), &yes, err);
        if (status == TL_OK && !yes)
            tl_log(TL_LOG_INFO, "nothing was changed");
        else if (status == TL_OK)
            status = write_whole(work, "{}", err);
    }
    buf_free(&names);
    buf_free(&question);
    return status;
}

/* In the order of the command's verbs. */
static const struct {
    state_verb *run;
    size_t max_words;
} verbs[] = {{show, 1}, {set, 2}, {reset, 1}};

static enum tl_status run(struct cli *cli, state_verb *verb, struct tl_error *err)
{
    struct job job = {0};
    struct work work = {.cli = cli, .job = &job};
    enum tl_status status = job_init(&job, cli, false, err);

    if (status == TL_OK)
        status = streams_load(&work.streams, cli, &job, err);
    if (status == TL_OK)
        status = verb(&work, err);
    streams_reset(&work.streams);
    job_reset(&job);
    return status;
}

enum tl_status cli_run_state(struct cli *cli, struct tl_error *err)
{
    const char *word = cli->arguments.words[0];
    size_t i = 0;

    if (cli_check_verb(cli, cli->command, word, &i, err) != TL_OK)
        return err->status;
    if (arguments_check_words(&cli->arguments, verbs[i].max_words, err) != TL_OK) {
        (void)tl_context(err, "state %s", word);
        return tl_remedy(err, "See `%s help state`", cli->connector->name);
    }
    return run(cli, verbs[i].run, err);
}
