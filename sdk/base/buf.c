/* A growing byte buffer with a maximum. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Makes room for size more bytes and a NUL. */
static bool buf_grow(struct buf *buf, size_t size)
{
    size_t capacity = buf->capacity ? buf->capacity : 256;
    char *data;

    if (buf->failed || size > buf->max_size - buf->size) {
        buf->failed = true;
        return false;
    }
    if (buf->data != NULL && buf->size + size + 1 <= buf->capacity)
        return true;
    while (capacity < buf->size + size + 1)
        capacity *= 2;
    data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    data[buf->size] = '\0'; /* room may be reserved and not be used */
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_append(struct buf *buf, const void *data, size_t size)
{
    if (!buf_grow(buf, size))
        return;
    if (size > 0)
        memcpy(buf->data + buf->size, data, size);
    buf_commit(buf, size);
}

void buf_append_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_append_string(struct buf *buf, const char *string)
{
    buf_append(buf, string, strlen(string));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(buf, format, arguments);
    va_end(arguments);
}

void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    if (size < 0)
        buf->failed = true;
    else if (buf_grow(buf, (size_t)size)) {
        vsnprintf(buf->data + buf->size, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    }
    va_end(again);
}

char *buf_reserve(struct buf *buf, size_t size)
{
    return buf_grow(buf, size) ? buf->data + buf->size : NULL;
}

void buf_commit(struct buf *buf, size_t size)
{
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void buf_consume(struct buf *buf, size_t size)
{
    if (size == 0)
        return;
    memmove(buf->data, buf->data + size, buf->size - size);
    buf->size -= size;
    buf->data[buf->size] = '\0';
}

void buf_reset(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

const char *buf_text(const struct buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = NULL;
    if (buf_grow(buf, 0)) {
        buf->data[buf->size] = '\0';
        data = buf->data;
        buf->data = NULL;
    }
    buf_free(buf);
    return data;
}

enum tl_status buf_check(const struct buf *buf, const char *what, struct tl_error *err)
{
    if (!buf->failed)
        return TL_OK;
    return tl_fail(err, TL_MEMORY, "%s does not fit into memory (limit %zu bytes)", what,
                   buf->max_size);
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = BUF_INIT(buf->max_size);
}

void buf_wipe(struct buf *buf)
{
    if (buf->data != NULL)
        text_wipe(buf->data, buf->capacity);
    buf_free(buf);
}
