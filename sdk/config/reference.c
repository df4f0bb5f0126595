/* Values that stand elsewhere: in the environment, or in a file. */
#include "config/reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config/complete.h"
#include "towline/log.h"
#include "towline/stream.h"

const cJSON *reference_in(const struct config_value *value, const cJSON *member)
{
    const cJSON *only = cJSON_IsObject(member) ? member->child : NULL;
    struct tl_column column = {0};

    if (only == NULL || only->next != NULL || !cJSON_IsString(only) ||
        (strcmp(only->string, "env") != 0 && strcmp(only->string, "file") != 0))
        return NULL;
    if (value->option->kind == TL_OPTION_COLUMNS &&
        tl_column_set_type(&column, only->valuestring))
        return NULL;
    if (value->option->kind == TL_OPTION_OBJECTS &&
        complete_has_row(value->option->fields, only->string))
        return NULL;
    return only;
}

static void drop_newline(struct buf *text)
{
    if (text->size > 0 && text->data[text->size - 1] == '\n')
        text->data[--text->size] = '\0';
    if (text->size > 0 && text->data[text->size - 1] == '\r')
        text->data[--text->size] = '\0';
}

/* A key that others can read is no key; of other secrets the user is told. */
static enum tl_status judge_open_file(const struct config_value *value, const char *path,
                                      const char *file, struct tl_error *err)
{
    if (!values_has_flag(value, TL_OPTION_SECRET))
        return TL_OK;
    if (!values_has_flag(value, TL_OPTION_MULTILINE)) {
        tl_log(TL_LOG_WARNING, "\"%s\": others can read %s: chmod 600 %s", path, file, file);
        return TL_OK;
    }
    (void)tl_fail(err, TL_KEY, "\"%s\": others can read %s", path, file);
    return tl_remedy(err, "Keep it to its owner: chmod 600 %s", file);
}

enum tl_status reference_resolve(const struct config_value *value, const cJSON *reference,
                                 const char *path, struct buf *out, struct tl_error *err)
{
    const char *name = reference->valuestring, *text;
    bool open_to_others;

    if (strcmp(reference->string, "file") == 0) {
        if (config_read_file(name, out, &open_to_others, err) != TL_OK)
            return tl_context(err, "\"%s\"", path);
        drop_newline(out);
        return open_to_others ? judge_open_file(value, path, name, err) : TL_OK;
    }
    text = getenv(name);
    if (text == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION, "\"%s\": the environment variable %s is not set",
                      path, name);
        return tl_remedy(err, "Set %s, or give the value itself", name);
    }
    buf_append_string(out, text);
    return buf_check(out, path, err);
}
