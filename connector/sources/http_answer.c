/* What a server answered, as it comes. */
#include "sources/http_answer.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { SHOWN_BODY_BYTES = 64 * 1024, HEADER_BYTES = 16 * 1024 };

void http_answer_init(struct http_answer *answer, uint64_t max_body_bytes)
{
    uint64_t room = max_body_bytes > SHOWN_BODY_BYTES ? max_body_bytes : SHOWN_BODY_BYTES;

    *answer = (struct http_answer){.wait_ms = -1};
    answer->body = BUF_INIT(room < SIZE_MAX / 2 ? (size_t)room : SIZE_MAX / 2);
    answer->link = BUF_INIT(HEADER_BYTES);
    answer->location = BUF_INIT(HEADER_BYTES);
}

void http_answer_clear(struct http_answer *answer)
{
    struct buf body = answer->body, link = answer->link, location = answer->location;

    buf_reset(&body);
    buf_reset(&link);
    buf_reset(&location);
    *answer =
        (struct http_answer){.body = body, .link = link, .location = location, .wait_ms = -1};
}

void http_answer_reset(struct http_answer *answer)
{
    buf_free(&answer->body);
    buf_free(&answer->link);
    buf_free(&answer->location);
}

bool http_answer_is_good(const struct http_answer *answer)
{
    return answer->status >= 200 && answer->status < 300;
}

/* The value of a header line, if it is that header's. */
static bool header_value(const char *line, size_t size, const char *name, const char **value,
                         size_t *value_size)
{
    size_t length = strlen(name);

    if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
        return false;
    for (length++; length < size && (line[length] == ' ' || line[length] == '\t');)
        length++;
    while (size > length && (unsigned char)line[size - 1] <= ' ')
        size--;
    *value = line + length;
    *value_size = size - length;
    return true;
}

/* "HTTP/1.1 404 Not Found": what stands behind the number. */
static void take_reason(struct http_answer *answer, const char *line, size_t size)
{
    const char *end = line + size, *at = memchr(line, ' ', size);

    at = at != NULL ? memchr(at + 1, ' ', (size_t)(end - at - 1)) : NULL;
    while (end > line && (unsigned char)end[-1] <= ' ')
        end--;
    if (at != NULL && at < end)
        (void)text_safe(answer->reason, sizeof(answer->reason), at + 1, (size_t)(end - at - 1));
}

void http_answer_take_header(struct http_answer *answer, const char *line, size_t size)
{
    const char *value;
    size_t value_size;

    if (size > 5 && memcmp(line, "HTTP/", 5) == 0) {
        http_answer_clear(answer); /* what came before was only a "100 Continue" */
        take_reason(answer, line, size);
    } else if (header_value(line, size, "Link", &value, &value_size)) {
        if (answer->link.size > 0)
            buf_append_string(&answer->link, ", ");
        buf_append(&answer->link, value, value_size);
    } else if (header_value(line, size, "Content-Encoding", &value, &value_size)) {
        answer->packed = value_size > 0 && strncasecmp(value, "identity", value_size) != 0;
    } else if (header_value(line, size, "Content-Type", &value, &value_size)) {
        size_t kept = value_size < sizeof(answer->kind) ? value_size : sizeof(answer->kind) - 1;
        memcpy(answer->kind, value, kept);
        answer->kind[kept] = '\0';
    }
}

bool http_answer_is_csv(const struct http_answer *answer)
{
    return strncasecmp(answer->kind, "text/csv", 8) == 0 ||
           strncasecmp(answer->kind, "application/csv", 15) == 0;
}

static void pass_blanks(const char **data, size_t *size)
{
    while (*size > 0 && strchr(" \t\r\n", **data) != NULL && **data != '\0') {
        ++*data;
        --*size;
    }
}

static bool begins(const char *data, size_t size, const char *word)
{
    return size >= strlen(word) && strncasecmp(data, word, strlen(word)) == 0;
}

bool http_answer_is_page(const struct http_answer *answer, const char *data, size_t size)
{
    pass_blanks(&data, &size);
    if (size > 0 && (*data == '{' || *data == '['))
        return false; /* scripts that print JSON often leave the type at what is usual */
    return strcasestr(answer->kind, "html") != NULL || begins(data, size, "<!doctype html") ||
           begins(data, size, "<html");
}

bool http_answer_is_foreign(const struct http_answer *answer, const char *data, size_t size)
{
    if (http_answer_is_page(answer, data, size))
        return true;
    pass_blanks(&data, &size);
    return size > 0 && strchr("{[\"-0123456789tfn\xef\xfe\xff", *data) == NULL;
}

void http_answer_keep(struct http_answer *answer, const char *data, size_t size)
{
    size_t room =
        answer->body.size < SHOWN_BODY_BYTES ? SHOWN_BODY_BYTES - answer->body.size : 0;

    if (size < room)
        room = size;
    buf_append(&answer->body, data, room);
}
