/* Finds the end of a value that arrives in pieces. */
#include "json/scan.h"

#include "json/lex.h"

/* Goes on within a string; returns the byte after it, or end. */
static const char *scan_string(struct json_scan *scan, const char *at, const char *end,
                               bool *complete)
{
    while (at < end) {
        if (scan->escaped) {
            scan->escaped = false;
            at++;
            continue;
        }
        at = json_plain_end(at, end);
        if (at == end)
            break;
        if (*at == '\\') {
            scan->escaped = true;
        } else if (*at == '"') {
            scan->in_string = false;
            return at + 1;
        } else if ((unsigned char)*at < 0x20) {
            *complete = true;
            return at + 1;
        }
        at++;
    }
    return end;
}

static const char *scan_nested(struct json_scan *scan, const char *at, const char *end,
                               bool *complete)
{
    while (at < end && !*complete) {
        if (scan->in_string) {
            at = scan_string(scan, at, end, complete);
            continue;
        }
        switch (*at++) {
        case '"':
            scan->in_string = true;
            break;
        case '{':
        case '[':
            scan->depth++;
            break;
        case '}':
        case ']':
            *complete = --scan->depth == 0;
            break;
        default:
            break;
        }
    }
    return at;
}

size_t json_scan(struct json_scan *scan, const char *bytes, size_t size, bool *complete)
{
    const char *at = bytes, *end = bytes + size;

    *complete = false;
    if (scan->kind == JSON_SCAN_NESTED) {
        at = scan_nested(scan, at, end, complete);
    } else if (scan->kind == JSON_SCAN_STRING) {
        if (!scan->in_string && at < end) {
            scan->in_string = true;
            at++;
        }
        if (at < end)
            at = scan_string(scan, at, end, complete);
        *complete |= !scan->in_string;
    } else {
        while (at < end && !json_is_separator(*at))
            at++;
        *complete = at < end;
    }
    return (size_t)(at - bytes);
}
