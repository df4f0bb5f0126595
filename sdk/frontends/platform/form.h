/* A configuration as a form: the option tables as JSON Schema, for platforms to ask their users
 * by. */
#ifndef PLATFORM_FORM_H
#define PLATFORM_FORM_H

#include "base/buf.h"
#include "towline/option.h"

enum form_dialect { FORM_AIRBYTE, FORM_SINGER };

/* Appends the members of a JSON Schema for an object of the tables (NULL-terminated) taken
 * together: "type":"object","required":[...],"properties":{...}, without the braces around
 * them. For Airbyte with order, titles and its own keywords. */
void form_append(struct buf *out, const struct tl_option *const *tables,
                 enum form_dialect dialect);

/* Appends the option's name as words: "SSH host key policy". */
void form_append_title(struct buf *out, const char *name);

/* Appends the option's help as a sentence. */
void form_append_sentence(struct buf *out, const struct tl_option *option);

/* The word for an option's kind in Singer's and Meltano's settings: "string", "password" ... */
const char *form_meltano_kind(const struct tl_option *option);

#endif
