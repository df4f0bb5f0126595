/* The destinations that there are, and how a URL finds its own. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "destinations/destination.h"
#include "destinations/sqlite/sqlite.h"

const struct destination_ops *const destination_list[] = {&sqlite_destination, NULL};

/* All schemes as "sqlite:, postgresql:". */
static void list_schemes(struct buf *out)
{
    for (size_t i = 0; destination_list[i] != NULL; i++)
        buf_printf(out, "%s%s:", i ? ", " : "", destination_list[i]->scheme);
}

enum tl_status destination_find(const char *url, const struct destination_ops **out,
                                struct tl_error *err)
{
    struct buf known = BUF_INIT(256);
    size_t length = strcspn(url, ":");
    char shown[128];

    *out = NULL;
    for (size_t i = 0; url[length] == ':' && destination_list[i] != NULL; i++)
        if (strlen(destination_list[i]->scheme) == length &&
            strncasecmp(destination_list[i]->scheme, url, length) == 0)
            *out = destination_list[i];
    if (*out != NULL)
        return TL_OK;
    /* What follows the scheme may be a password. */
    text_safe(shown, sizeof(shown), url, length);
    list_schemes(&known);
    if (url[length] == ':')
        (void)tl_fail(err, TL_CONFIGURATION, "there is no destination of the kind \"%s:\"",
                      shown);
    else
        (void)tl_fail(err, TL_CONFIGURATION, "destination \"%s\" is no URL", shown);
    (void)tl_remedy(err, "Known are: %s; for example sqlite:warehouse.db", buf_text(&known));
    buf_free(&known);
    return TL_CONFIGURATION;
}

void destination_contents_reset(struct destination_contents *contents)
{
    catalog_reset(&contents->catalog);
    for (size_t i = 0; i < contents->n_states; i++) {
        free(contents->states[i].stream);
        free(contents->states[i].json);
    }
    for (size_t i = 0; i < contents->n_runs; i++)
        free(contents->runs[i].text);
    free(contents->states);
    free(contents->runs);
    *contents = (struct destination_contents){0};
}
