/* The texts of an HTTP request with their placeholders filled in. */
#include "sources/http_expand.h"

#include <string.h>

#include "base/text.h"
#include "placeholder.h"
#include "script.h"
#include "sources/http_place.h"

struct expansion {
    struct placeholder_source base;
    const struct http_values *values;
    enum http_encoding encoding;
    bool any; /* placeholder was met */
};

static const char *expansion_value(struct placeholder_source *source, const char *name)
{
    struct expansion *self = (struct expansion *)source;

    self->any = true;
    if (strcmp(name, "next") == 0)
        return self->values->next;
    if (self->values->secret != NULL && strncmp(name, "config.", 7) == 0)
        return script_secret(self->values->secret, name + 7);
    if (self->values->secret != NULL && strncmp(name, "item.", 5) == 0)
        return script_variable(self->values->secret, name);
    if (strncmp(name, "item.", 5) == 0)
        return self->values->items ? http_items_value(self->values->items, name + 5) : NULL;
    if (strncmp(name, "config.", 7) == 0)
        return tl_config_text(self->values->config, name + 7);
    if (strncmp(name, "state.", 6) == 0)
        name += 6;
    return tl_sync_state_value(self->values->sync, name);
}

static void append_in_json(const char *value, struct buf *out)
{
    struct buf quoted = BUF_INIT(out->max_size);

    text_append_json(&quoted, value, strlen(value));
    if (quoted.failed)
        out->failed = true;
    else
        buf_append(out, quoted.data + 1, quoted.size - 2);
    buf_wipe(&quoted);
}

static enum tl_status expansion_write(struct placeholder_source *source, const char *value,
                                      struct buf *out, struct tl_error *err)
{
    enum http_encoding encoding = ((struct expansion *)source)->encoding;

    (void)err;
    if (encoding == HTTP_IN_URL)
        text_append_url_encoded(out, value, strlen(value));
    else if (encoding == HTTP_IN_JSON)
        append_in_json(value, out);
    else
        buf_append_string(out, value);
    return TL_OK;
}

enum tl_status http_expand(const struct http_values *values, const char *text,
                           enum http_encoding encoding, struct buf *out, bool *vacant,
                           struct tl_error *err)
{
    static const char *const extra[] = {"next", "item.", NULL};
    struct expansion expansion = {
        .base = {.extra = extra, .value = expansion_value, .write = expansion_write},
        .values = values,
        .encoding = encoding,
    };
    size_t before = out->size;

    if (placeholder_expand(text, &expansion.base, out, err) != TL_OK)
        return tl_context(err, "http: a text of the request");
    if (vacant != NULL)
        *vacant = expansion.any && out->size == before;
    if (encoding == HTTP_IN_A_HEADER && out->size > before &&
        strpbrk(out->data + before, "\r\n") != NULL)
        return tl_fail(err, TL_CONFIGURATION, "http: a header would have a line's end in it");
    return TL_OK;
}

enum http_encoding http_body_encoding(const char *body)
{
    body += strspn(body, " \t\r\n");
    return *body == '{' || *body == '[' ? HTTP_IN_JSON : HTTP_IN_URL;
}
