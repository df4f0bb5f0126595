/* Placeholders in commands and requests: {{cursor}}, {{state.NAME}}, {{config.NAME}}. Any other
 * text in double braces is left as it is: `docker ps --format '{{json .}}'` is one. */
#ifndef CONNECTOR_PLACEHOLDER_H
#define CONNECTOR_PLACEHOLDER_H

#include "base/buf.h"

/* Where values come from, and how they are written. */
struct placeholder_source {
    /* More names that are placeholders here, NULL-terminated; "item." stands for all that begin
     * so. NULL: none. */
    const char *const *extra;
    /* The value of "cursor", "state.NAME", "config.NAME" or one of `extra`; NULL if there is
     * none. Lent until the next call. */
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
    const char *const *extra;
    enum tl_status (*found)(struct placeholder_visitor *self, const char *name,
                            struct tl_error *err);
};
TL_NODISCARD enum tl_status placeholder_visit(const char *text,
                                              struct placeholder_visitor *visitor,
                                              struct tl_error *err);

#endif
