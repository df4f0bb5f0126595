/* JSON Pointer (RFC 6901). */
#include "json/pointer.h"

#include <string.h>

#include "base/text.h"
#include "json/copy.h"
#include "json/reader.h"

static enum tl_status fail_pointer(struct tl_error *err, const char *text, const char *why)
{
    char shown[80];

    tl_fail(err, TL_CONFIGURATION, "JSON Pointer \"%s\" %s",
            text_safe(shown, sizeof(shown), text, strlen(text)), why);
    return tl_remedy(err,
                     "Write it as /name/name, in a name with ~1 for '/' and ~0 for '~' (RFC "
                     "6901), and ~2 for '*'; \"\" is the whole document");
}

/* Unescapes in place; false for a '~' that begins no escape. */
static bool unescape(struct json_token *token)
{
    size_t to = 0;

    for (size_t from = 0; from < token->size; from++, to++) {
        char c = token->text[from];
        if (c == '~') {
            char code = token->text[++from]; /* at worst the NUL behind the text */
            if (code < '0' || code > '2')
                return false;
            c = "~/*"[code - '0'];
        }
        token->text[to] = c;
    }
    token->size = to;
    token->text[to] = '\0';
    return true;
}

enum tl_status json_pointer_parse(const char *text, struct json_pointer *out,
                                  struct tl_error *err)
{
    const char *at = text;
    size_t count = 0;

    *out = (struct json_pointer){0};
    if (*text != '\0' && *text != '/')
        return fail_pointer(err, text, "does not begin with '/'");
    for (const char *c = text; *c != '\0'; c++)
        count += *c == '/';
    out->tokens = calloc(count + 1, sizeof(*out->tokens));
    if (out->tokens == NULL)
        return tl_fail(err, TL_MEMORY, "no memory for a JSON Pointer");
    while (*at == '/') {
        struct json_token *token = &out->tokens[out->count];
        size_t size = strcspn(++at, "/");

        *token = (struct json_token){.text = text_copy(at, size), .size = size};
        token->any = size == 1 && *at == '*';
        at += size;
        if (token->text == NULL || !unescape(token)) {
            bool memory = token->text == NULL;
            out->count++;
            json_pointer_reset(out);
            return memory ? tl_fail(err, TL_MEMORY, "no memory for a JSON Pointer")
                          : fail_pointer(err, text, "has a '~' that is not ~0, ~1 or ~2");
        }
        out->count++;
    }
    return TL_OK;
}

void json_pointer_reset(struct json_pointer *pointer)
{
    for (size_t i = 0; i < pointer->count; i++)
        free(pointer->tokens[i].text);
    free(pointer->tokens);
    *pointer = (struct json_pointer){0};
}

bool json_token_is_index(const struct json_token *token, uint64_t index)
{
    uint64_t number = 0;

    if (token->any)
        return true;
    if (token->size == 0 || token->size > 18 || (token->text[0] == '0' && token->size > 1))
        return false;
    for (size_t i = 0; i < token->size; i++) {
        if (token->text[i] < '0' || token->text[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(token->text[i] - '0');
    }
    return number == index;
}

static bool is_name(const struct json_token *token, const struct json_span *name)
{
    char *text;
    bool equal;

    if (token->any)
        return false;
    if (!name->escaped)
        return name->size == token->size && memcmp(name->text, token->text, name->size) == 0;
    text = malloc(name->size);
    if (text == NULL)
        return false;
    equal = json_copy_string(name, text) == token->size &&
            memcmp(text, token->text, token->size) == 0;
    free(text);
    return equal;
}

/* Steps over one member or element at lex->at; true if it is the one that token names. */
static bool step(struct json_lex *lex, const struct json_token *token, bool object,
                 uint64_t index, struct json_span *value)
{
    bool wanted = !object && !token->any && json_token_is_index(token, index);

    if (object) {
        struct json_span name = {0};
        lex->at++;
        if (json_lex_string(lex, &name) != JSON_LEX_OK || !json_lex_blanks(lex))
            return false;
        wanted = is_name(token, &name);
        lex->at++;
        json_lex_blanks(lex);
    }
    if (json_lex_value(lex, JSON_DEPTH_LIMIT, value) != JSON_LEX_OK)
        lex->at = lex->end;
    return wanted && lex->at < lex->end;
}

/* Finds what token names directly within the value. */
static bool descend(const struct json_token *token, struct json_span *value)
{
    bool object = *value->text == '{', found = false;
    struct json_lex lex = {.at = value->text + 1, .end = value->text + value->size};
    struct json_span child, last = {0};

    if (*value->text != '{' && *value->text != '[')
        return false;
    for (uint64_t index = 0; json_lex_blanks(&lex) && *lex.at != '}' && *lex.at != ']';
         index++) {
        if (step(&lex, token, object, index, &child)) {
            last = child;
            found = true;
        }
        if (!json_lex_blanks(&lex) || *lex.at != ',')
            break;
        lex.at++;
        json_lex_blanks(&lex);
    }
    *value = last;
    return found;
}

bool json_pointer_find(const struct json_pointer *pointer, size_t from, const char *json,
                       size_t size, const char **found, size_t *found_size)
{
    struct json_span value = {.text = json, .size = size};

    if (size == 0)
        return false;
    for (size_t i = from; i < pointer->count; i++)
        if (!descend(&pointer->tokens[i], &value))
            return false;
    *found = value.text;
    *found_size = value.size;
    return true;
}
