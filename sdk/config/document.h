/* JSON documents (RFC 8259) of a configuration, through cJSON and around its traps. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <cjson/cJSON.h>

#include "config/config.h"

/* Parses a whole document; nothing but white space may follow it. TL_CONFIGURATION naming line
 * and column. */
TL_NODISCARD enum tl_status document_parse(const char *json, size_t size, cJSON **out,
                                           struct tl_error *err);

/* Wipes the texts and frees. NULL is fine. */
void document_free(cJSON *document);

/* Fails when a key stands twice in the object; `path` names the object, "" the whole. */
TL_NODISCARD enum tl_status document_check_keys(const cJSON *object, const char *path,
                                                struct tl_error *err);

/* Whether the member is there for people only: its name begins with two slashes. */
bool document_is_comment(const cJSON *member);

/* "an array", "a number" ... */
const char *document_kind(const cJSON *value);

/* Appends a number, a boolean or a string as the text a user would write for it. False for a
 * number that cJSON cannot hold exactly. */
bool document_print(const cJSON *scalar, struct buf *out);

#endif
