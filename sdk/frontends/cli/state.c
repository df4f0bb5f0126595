/* The command `state`: what the destination has saved about how far each stream got. */
#include "sync/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "frontends/cli/job.h"
#include "frontends/cli/output.h"
#include "frontends/cli/prompt.h"
#include "towline/log.h"

typedef enum tl_status state_verb(struct cli *cli, struct job *job, struct tl_error *err);

static bool is_selected(const struct cli *cli, const char *stream)
{
    for (size_t i = 0; i < cli->options.n_streams; i++)
        if (strcmp(cli->options.streams[i], stream) == 0)
            return true;
    return cli->options.n_streams == 0;
}

/* Opens, loads and closes again: for looking. */
static enum tl_status look(const struct job *job, struct destination_contents *contents,
                           struct tl_error *err)
{
    struct destination *destination = NULL;
    enum tl_status status =
        job->destination->open(job->url, DESTINATION_READ, &destination, err);

    if (status == TL_OK)
        status = job->destination->load(destination, contents, err);
    if (destination != NULL)
        job->destination->close(destination);
    return status;
}

/* JSON for a terminal: what it would act on becomes an escape, which only strings can hold. */
static void append_json_safe(struct buf *out, const char *json)
{
    for (const unsigned char *c = (const unsigned char *)json; *c != '\0'; c++) {
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            buf_printf(out, "\\u%04x", *++c);
        else if (*c == 0x7f)
            buf_append_string(out, "\\u007f");
        else
            buf_append_char(out, (char)*c);
    }
}

static void append_state(struct buf *out, const struct stored_state *state, bool first)
{
    buf_append_string(out, first ? "\n  " : ",\n  ");
    text_append_json(out, state->stream, strlen(state->stream));
    buf_append_string(out, ": ");
    append_json_safe(out, state->json);
}

static const char *saved_state(const struct destination_contents *contents, const char *stream)
{
    for (size_t i = 0; i < contents->n_states; i++)
        if (strcmp(contents->states[i].stream, stream) == 0)
            return contents->states[i].json;
    return "{}";
}

static enum tl_status show(struct cli *cli, struct job *job, struct tl_error *err)
{
    struct destination_contents contents = {0};
    struct buf out = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status = look(job, &contents, err);
    bool first = true;

    if (status == TL_OK && cli->options.n_streams == 1) {
        append_json_safe(&out, saved_state(&contents, cli->options.streams[0]));
        buf_append_char(&out, '\n');
    } else if (status == TL_OK) {
        buf_append_char(&out, '{');
        for (size_t i = 0; i < contents.n_states; i++) {
            if (!is_selected(cli, contents.states[i].stream))
                continue;
            append_state(&out, &contents.states[i], first);
            first = false;
        }
        buf_append_string(&out, first ? "}\n" : "\n}\n");
    }
    if (status == TL_OK)
        status = output_print(&out, err);
    buf_free(&out);
    destination_contents_reset(&contents);
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

    if (!is_selected(self->cli, stream))
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
        if (named || !is_selected(writing->cli, stream))
            continue;
        tl_log(TL_LOG_INFO, "state of %s: cleared", stream);
        if (writing->ops->commit(writing->destination, stream, "", NULL, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

static enum tl_status write_whole(struct cli *cli, struct job *job, const char *whole,
                                  struct tl_error *err)
{
    struct writing writing = {
        .visitor = {.member = write_member}, .cli = cli, .ops = job->destination};
    struct destination_contents contents = {0};
    enum tl_status status =
        writing.ops->open(job->url, DESTINATION_WRITE, &writing.destination, err);

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

static enum tl_status accept_member(struct state_visitor *visitor, const char *stream,
                                    const char *json, struct tl_error *err)
{
    (void)visitor;
    (void)stream;
    (void)json;
    (void)err;
    return TL_OK;
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

static enum tl_status set(struct cli *cli, struct job *job, struct tl_error *err)
{
    struct state_visitor checking = {.member = accept_member};
    struct buf given = BUF_INIT(STATE_MAX_BYTES), whole = BUF_INIT(STATE_MAX_BYTES + 4096);
    const char *path = cli->options.n_arguments > 1 ? cli->options.arguments[1] : NULL;
    enum tl_status status;

    if (path == NULL)
        return tl_fail(err, TL_USAGE,
                       "state set needs a file: state set FILE, or - for "
                       "standard input");
    status = job_read_file(path, &given, err);
    if (status == TL_OK && cli->options.n_streams == 1)
        status = wrap(cli->options.streams[0], &given, &whole, err);
    else
        buf_append(&whole, buf_text(&given), given.size);
    if (status == TL_OK && state_visit(buf_text(&whole), &checking, err) != TL_OK)
        status = tl_context(err, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    if (status == TL_OK)
        status = write_whole(cli, job, buf_text(&whole), err);
    buf_free(&given);
    buf_free(&whole);
    return status;
}

/* Appends the names of the streams to be cleared; returns how many. */
static size_t name_saved(const struct cli *cli, const struct destination_contents *contents,
                         struct buf *out)
{
    size_t count = 0;

    for (size_t i = 0; i < contents->n_states; i++)
        if (is_selected(cli, contents->states[i].stream))
            buf_printf(out, "%s%s", count++ ? ", " : "", contents->states[i].stream);
    return count;
}

static enum tl_status reset(struct cli *cli, struct job *job, struct tl_error *err)
{
    struct destination_contents contents = {0};
    struct buf names = BUF_INIT(64 * 1024), question = BUF_INIT(128 * 1024);
    enum tl_status status = look(job, &contents, err);
    bool yes = false;

    if (status == TL_OK && name_saved(cli, &contents, &names) == 0) {
        tl_log(TL_LOG_INFO, "there is no saved state to clear in %s", job->url);
    } else if (status == TL_OK) {
        buf_printf(&question, "Clear the saved state of %s in %s?", buf_text(&names), job->url);
        status = prompt_confirm(&cli->options, buf_text(&question), &yes, err);
        if (status == TL_OK && !yes)
            tl_log(TL_LOG_INFO, "nothing was changed");
        else if (status == TL_OK)
            status = write_whole(cli, job, "{}", err);
    }
    buf_free(&names);
    buf_free(&question);
    destination_contents_reset(&contents);
    return status;
}

static const struct {
    const char *name;
    state_verb *run;
    size_t n_arguments;
} verbs[] = {{"show", show, 1}, {"set", set, 2}, {"reset", reset, 1}};

static enum tl_status fail_verb(const char *word, struct tl_error *err)
{
    static const char *const names[] = {"show", "set", "reset", NULL};
    const char *nearest = config_nearest(word, names);

    if (nearest != NULL)
        (void)tl_fail(err, TL_USAGE, "unknown command \"state %s\"; did you mean \"state %s\"?",
                      word, nearest);
    else
        (void)tl_fail(err, TL_USAGE, "state needs one of show, set and reset");
    return tl_remedy(err, "See its --help");
}

enum tl_status cli_run_state(struct cli *cli, struct tl_error *err)
{
    const char *word = cli->options.n_arguments > 0 ? cli->options.arguments[0] : "";
    struct job job = {0};
    enum tl_status status;

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(word, verbs[i].name) != 0)
            continue;
        if (cli->options.n_arguments > verbs[i].n_arguments)
            return tl_fail(err, TL_USAGE, "state %s: unexpected \"%s\"", word,
                           cli->options.arguments[verbs[i].n_arguments]);
        status = job_init(&job, cli, false, err);
        if (status == TL_OK)
            status = verbs[i].run(cli, &job, err);
        job_reset(&job);
        return status;
    }
    return fail_verb(word, err);
}
