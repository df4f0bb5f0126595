/* Questions to the user. */
#include "frontends/cli/prompt.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "frontends/cli/output.h"

/* One line of standard input without its newline; what does not fit is dropped. */
static void read_line(char *out, size_t out_size)
{
    size_t size = 0;
    char c;

    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        if (size + 1 < out_size)
            out[size++] = c;
    out[size] = '\0';
}

enum tl_status prompt_confirm(const struct cli_options *options, const char *question,
                              bool *yes, struct tl_error *err)
{
    struct buf text = BUF_INIT(64 * 1024);
    char answer[16];

    *yes = options->yes;
    if (options->yes || options->non_interactive)
        return TL_OK;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        (void)tl_fail(err, TL_USAGE, "cannot ask \"%s\": there is no terminal", question);
        return tl_remedy(err, "Answer with --yes, or take the default (no) with "
                              "--non-interactive");
    }
    output_append_safe(&text, question);
    buf_append_string(&text, " [y/N] ");
    (void)output_write(STDERR_FILENO, buf_text(&text), text.size);
    buf_free(&text);
    read_line(answer, sizeof(answer));
    *yes = strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
    return TL_OK;
}
