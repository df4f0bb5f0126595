/* The inside of a configuration: one value for each option. */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "base/texts.h"
#include "config/config.h"

struct config_value {
    const struct tl_config *config; /* that it is a value of */
    const struct tl_option *option; /* a row of a table, or `own` */
    struct tl_option *own; /* of a secret text that only a placeholder names; else NULL */
    bool unread;           /* nobody asks for it: left as if not given */
    bool given;            /* by the user; otherwise it is the default, or nothing */
    bool here;             /* given in the document itself */
    char *text;            /* of one value, as it was written; NULL: no default either */
    int64_t integer;    /* INTEGER; BOOLEAN as 0 or 1; milliseconds of SECONDS, -1 for none */
    struct texts texts; /* LIST; COLUMNS as name, type, name, type ... */
    struct tl_config **items; /* OBJECTS */
    size_t n_items;
    bool at_top; /* its one item was made of fields at the top level */
};

struct tl_config {
    const struct config_value *inside; /* whose value it is part of; NULL: the whole */
    struct config_value *values;
    size_t n_values;
};

/* An empty configuration with a value for each row of the tables and room for n_more. `inside`
 * (NULL: nothing) must outlive it. NULL when memory ran out. */
struct tl_config *values_new(const struct config_value *inside,
                             const struct tl_option *const *tables, size_t n_more);

/* The value of that name, NULL if there is none. */
struct config_value *values_find(const struct tl_config *config, const char *name);

/* Takes up one of the n_more, for a secret text of that name. NULL when memory ran out. */
struct config_value *values_add_own(struct tl_config *config, const char *name);

bool values_has_flag(const struct config_value *value, enum tl_option_flag flag);

/* Appends an item, which *value then owns. False when memory ran out. */
bool values_add_item(struct config_value *value, struct tl_config *item);

#endif
