/* Placeholders in commands: {{cursor}}, {{state.NAME}}, {{config.NAME}}. Any other text in
 * double braces is left as it is: `docker ps --format '{{json .}}'` is a command like others.
 */
#ifndef CONNECTOR_PLACEHOLDER_H
#define CONNECTOR_PLACEHOLDER_H

#include "base/buf.h"

/* Where values come from, and how they are written. */
struct placeholder_source {
    const char *extra; /* one more name that is a placeholder here; NULL: none */
    /* The value of "cursor", "state.NAME", "config.NAME" or `extra`; NULL if there is none.
     * Lent until the next call. */
    const char *(*value)(struct placeholder_source *self, const char *name);
    /* Appends the value as it must stand in the text. */
    enum tl_status (*write)(struct placeholder_source *self, const char *value, struct buf *out,
                            struct tl_error *err);
};

/* Appends text with its placeholders replaced. What has no value is empty: cursor and state are
 * so in the first sync. */
TL_NODISCARD enum tl_status placeholder_expand(const char *text,
                                               struct placeholder_source *source,
                                               struct buf *out, struct tl_error *err);

/* Calls `found` with the name of each placeholder in text; stops at its first failure. */
struct placeholder_visitor {
    enum tl_status (*found)(struct placeholder_visitor *self, const char *name,
                            struct tl_error *err);
};
TL_NODISCARD enum tl_status placeholder_visit(const char *text,
                                              struct placeholder_visitor *visitor,
                                              struct tl_error *err);

#endif
