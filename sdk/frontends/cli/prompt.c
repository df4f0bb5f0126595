/* Questions to the user. */
#include "frontends/cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "frontends/output.h"

bool prompt_has_terminal(const struct cli_options *options)
{
    return !options->non_interactive && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

enum input { INPUT_LINE, INPUT_STOPPED, INPUT_ENDED };

static bool wait_for_key(int stop_fd)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = stop_fd, .events = POLLIN}};

    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        continue;
    return fds[1].revents == 0;
}

/* One line of standard input without its newline; what does not fit is dropped. Empty unless
 * there was one. */
static enum input read_line(int stop_fd, char *out, size_t out_size)
{
    size_t size = 0;
    ssize_t got = 1;
    char c = '\0';

    while (got == 1 && c != '\n') {
        if (!wait_for_key(stop_fd)) {
            text_wipe(out, out_size);
            return INPUT_STOPPED;
        }
        got = read(STDIN_FILENO, &c, 1);
        if (got == 1 && c != '\n' && size + 1 < out_size)
            out[size++] = c;
    }
    out[size] = '\0';
    return got == 1 || size > 0 ? INPUT_LINE : INPUT_ENDED;
}

static void show(const char *question, const char *hint)
{
    struct buf text = BUF_INIT(64 * 1024);

    output_append_safe(&text, question);
    output_append_safe(&text, hint);
    buf_append_char(&text, ' ');
    (void)output_write(STDERR_FILENO, buf_text(&text), text.size);
    buf_free(&text);
}

static enum tl_status fail_no_terminal(const char *question, const char *remedy,
                                       struct tl_error *err)
{
    (void)tl_fail(err, TL_USAGE, "cannot ask \"%s\": there is no terminal", question);
    return tl_remedy(err, "%s", remedy);
}

enum tl_status prompt_confirm(const struct cli_options *options, const char *question,
                              bool *yes, struct tl_error *err)
{
    char answer[16];

    *yes = options->yes;
    if (options->yes || options->non_interactive)
        return TL_OK;
    if (!prompt_has_terminal(options))
        return fail_no_terminal(question,
                                "Answer with --yes, or take the default (no) with "
                                "--non-interactive",
                                err);
    show(question, " [y/N]");
    (void)read_line(-1, answer, sizeof(answer));
    *yes = strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
    return TL_OK;
}

static enum tl_status read_answer(const char *question, int stop_fd, char *out, size_t out_size,
                                  struct tl_error *err)
{
    switch (read_line(stop_fd, out, out_size)) {
    case INPUT_STOPPED:
        return tl_fail(err, TL_INTERRUPTED, "stopped while asking \"%s\"", question);
    case INPUT_ENDED:
        return tl_fail(err, TL_USAGE, "the input ended while asking \"%s\"", question);
    default:
        return TL_OK;
    }
}

enum tl_status prompt_text(const struct cli_options *options, const char *question,
                           const char *fallback, int stop_fd, char *out, size_t out_size,
                           struct tl_error *err)
{
    struct buf hint = BUF_INIT(4096);
    enum tl_status status = TL_OK;

    out[0] = '\0';
    if (!options->non_interactive && !prompt_has_terminal(options))
        return fail_no_terminal(question, "Take the defaults with --non-interactive", err);
    if (!options->non_interactive) {
        if (*fallback != '\0')
            buf_printf(&hint, " [%s]", fallback);
        show(question, buf_text(&hint));
        buf_free(&hint);
        status = read_answer(question, stop_fd, out, out_size, err);
        if (status != TL_OK)
            (void)output_write(STDERR_FILENO, "\n", 1);
    }
    if (status == TL_OK && *out == '\0')
        (void)strncat(out, fallback, out_size - 1);
    return status;
}

enum tl_status prompt_secret(const struct cli_options *options, const char *question,
                             int stop_fd, char *out, size_t out_size, struct tl_error *err)
{
    struct termios shown, hidden;
    enum tl_status status;

    out[0] = '\0';
    if (!prompt_has_terminal(options) || tcgetattr(STDIN_FILENO, &shown) != 0)
        return fail_no_terminal(question, "Run it on a terminal, or give the secret in a file",
                                err);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &hidden);
    show(question, "");
    status = read_answer(question, stop_fd, out, out_size, err);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &shown);
    (void)output_write(STDERR_FILENO, "\n", 1);
    return status;
}
