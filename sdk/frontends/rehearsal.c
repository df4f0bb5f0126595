/* A rehearsal: the streams run for real, into a destination that is thrown away. */
#include "frontends/rehearsal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A private folder, in which the destination's file never comes to be. */
static enum tl_status make_folder(char *out, size_t out_size, struct tl_error *err)
{
    const char *parent = getenv("TMPDIR");
    int length = snprintf(out, out_size, "%s/towline-XXXXXX",
                          parent != NULL && *parent != '\0' ? parent : "/tmp");

    if (length > 0 && (size_t)length < out_size && mkdtemp(out) != NULL)
        return TL_OK;
    (void)tl_fail(err, TL_DESTINATION, "cannot make a temporary folder %s: %s", out,
                  strerror(errno));
    return tl_remedy(err, "Set TMPDIR to a folder that can be written");
}

enum tl_status rehearsal_run(const struct run_options *options, struct run_report *report,
                             struct tl_error *err)
{
    struct run_options rehearsal = *options;
    char folder[1024], url[1100];
    enum tl_status status;

    rehearsal.mode = DESTINATION_DRY_RUN;
    rehearsal.retry_attempts = 0;
    if (options->opened != NULL)
        return run_sync(&rehearsal, report, err);
    status = make_folder(folder, sizeof(folder), err);
    if (status != TL_OK)
        return status;
    (void)snprintf(url, sizeof(url), "sqlite:%s/rehearsal.db", folder);
    rehearsal.url = url;
    status = destination_find(url, &rehearsal.destination, err);
    if (status == TL_OK)
        status = run_sync(&rehearsal, report, err);
    (void)rmdir(folder);
    return status;
}
