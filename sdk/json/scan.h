/* Finds the end of a value that arrives in pieces, without judging it. */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_scan_kind { JSON_SCAN_NESTED, JSON_SCAN_STRING, JSON_SCAN_BARE };

/* How far the scan of one value came. Starts as {.kind = ...} before the value's first byte. */
struct json_scan {
    enum json_scan_kind kind;
    uint64_t depth;
    bool in_string;
    bool escaped;
};

/* Takes the next bytes of the value; returns how many of them belong to it and sets *complete
 * when they end it. A nested value ends with the bracket that closes its first, a string with
 * its quote, anything else before the first byte that is a separator. A control character in a
 * string ends the value too: what was scanned is then not JSON, and it is the reader of it who
 * says so. */
size_t json_scan(struct json_scan *scan, const char *bytes, size_t size, bool *complete);

#endif
