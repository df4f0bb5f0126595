/* JSON documents of a configuration. cJSON looks keys up in any letter case, lets duplicates
 * pass, cuts a text at its first \u0000, and holds numbers as doubles: each is met here. */
#include "config/document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

enum { KEYS_MAX = 4096 }; /* keys are compared each with each */

static enum tl_status fail_at(const char *json, const char *at, const char *what,
                              struct tl_error *err)
{
    size_t line = 1, column = 1;

    for (const char *c = json; c < at; c++) {
        if (*c == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*c & 0xc0) != 0x80) {
            column++;
        }
    }
    return tl_fail(err, TL_CONFIGURATION, "%s at line %zu, column %zu", what, line, column);
}

/* The first escape \u0000, or NULL. */
static const char *find_nul_escape(const char *json, size_t size)
{
    const char *end = json + size;

    for (const char *c = json; (c = memchr(c, '\\', (size_t)(end - c))) != NULL; c += 2) {
        if (end - c >= 6 && memcmp(c, "\\u0000", 6) == 0)
            return c;
        if (end - c < 2)
            break;
    }
    return NULL;
}

static enum tl_status check_bytes(const char *json, size_t size, struct tl_error *err)
{
    const char *nul = find_nul_escape(json, size);
    size_t valid = text_valid_utf8(json, size);

    if (valid < size)
        return fail_at(json, json + valid, "not UTF-8", err);
    if (memchr(json, '\0', size) != NULL)
        return fail_at(json, memchr(json, '\0', size), "a NUL byte", err);
    if (nul != NULL)
        return fail_at(json, nul, "\\u0000, which no value may hold,", err);
    return TL_OK;
}

enum tl_status document_parse(const char *json, size_t size, cJSON **out, struct tl_error *err)
{
    const char *end = NULL;
    char *copy = NULL;
    enum tl_status status;

    if (size >= 3 && memcmp(json, "\xef\xbb\xbf", 3) == 0) {
        json += 3;
        size -= 3;
    }
    status = check_bytes(json, size, err);
    if (status != TL_OK)
        return status;
    copy = text_copy(json, size); /* cJSON wants its end marked by a NUL */
    if (copy == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the configuration");
    *out = cJSON_ParseWithOpts(copy, &end, true);
    if (*out == NULL)
        status = fail_at(copy, end ? end : copy, "not valid JSON: error", err);
    text_wipe(copy, size);
    free(copy);
    return status;
}

static void wipe_texts(cJSON *value)
{
    for (; value != NULL; value = value->next) {
        if (value->valuestring != NULL)
            text_wipe(value->valuestring, strlen(value->valuestring));
        wipe_texts(value->child);
    }
}

void document_free(cJSON *document)
{
    wipe_texts(document);
    cJSON_Delete(document);
}

enum tl_status document_check_keys(const cJSON *object, const char *path, struct tl_error *err)
{
    char shown[128];
    const cJSON *key;

    if (cJSON_GetArraySize(object) > KEYS_MAX)
        return tl_fail(err, TL_CONFIGURATION, "%s%smore than %d keys", path,
                       *path ? " has " : "", KEYS_MAX);
    cJSON_ArrayForEach(key, object)
    {
        for (const cJSON *other = key->next; other != NULL; other = other->next)
            if (strcmp(key->string, other->string) == 0)
                return tl_fail(
                    err, TL_CONFIGURATION, "duplicate key \"%s%s%s\"", path, *path ? "." : "",
                    text_safe(shown, sizeof(shown), key->string, strlen(key->string)));
    }
    return TL_OK;
}

bool document_is_comment(const cJSON *member)
{
    return strncmp(member->string, "//", 2) == 0;
}

const char *document_kind(const cJSON *value)
{
    if (cJSON_IsObject(value))
        return "an object";
    if (cJSON_IsArray(value))
        return "an array";
    if (cJSON_IsString(value))
        return "a text";
    if (cJSON_IsNumber(value))
        return "a number";
    return cJSON_IsNull(value) ? "null" : "a boolean";
}

static bool print_number(const cJSON *number, struct buf *out)
{
    const double exact = 9007199254740992.0; /* 2^53: beyond it doubles skip integers */
    char *printed;

    if (!isfinite(number->valuedouble) || fabs(number->valuedouble) >= exact)
        return false;
    if (floor(number->valuedouble) == number->valuedouble) {
        buf_printf(out, "%lld", (long long)number->valuedouble);
        return true;
    }
    printed = cJSON_PrintUnformatted(number); /* with a point in every locale */
    if (printed != NULL)
        buf_append_string(out, printed);
    else
        out->failed = true;
    cJSON_free(printed);
    return true;
}

bool document_print(const cJSON *scalar, struct buf *out)
{
    if (cJSON_IsNumber(scalar))
        return print_number(scalar, out);
    buf_append_string(out, cJSON_IsString(scalar) ? scalar->valuestring
                           : cJSON_IsTrue(scalar) ? "true"
                                                  : "false");
    return true;
}
