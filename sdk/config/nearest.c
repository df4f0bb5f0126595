/* The nearest known word to a mistyped one. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"

enum { WORD_MAX_BYTES = 63, PREFIX_MIN_BYTES = 3 };

static int fold(char c)
{
    return c == '-' ? '_' : tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, drop, replace, swap two neighbours) that lead from one word to the other:
 * the restricted Damerau-Levenshtein distance, with three rows of its table. */
static size_t distance(const char *from, size_t n, const char *to, size_t m)
{
    size_t rows[3][WORD_MAX_BYTES + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t k = 0; k <= m; k++)
        above[k] = k;
    for (size_t i = 1; i <= n; i++) {
        size_t *spare = before;
        row[0] = i;
        for (size_t k = 1; k <= m; k++) {
            size_t replaced = above[k - 1] + (fold(from[i - 1]) != fold(to[k - 1]));
            row[k] = least(replaced, least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && fold(from[i - 1]) == fold(to[k - 2]) &&
                fold(from[i - 2]) == fold(to[k - 1]))
                row[k] = least(row[k], before[k - 2] + 1);
        }
        before = above;
        above = row;
        row = spare;
    }
    return above[m];
}

static bool starts_with(const char *name, const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (fold(name[i]) != fold(word[i]))
            return false;
    return size >= PREFIX_MIN_BYTES;
}

const char *config_nearest(const char *word, const char *const *names)
{
    size_t size = strlen(word), best = SIZE_MAX;
    const char *nearest = NULL;

    if (size == 0 || size > WORD_MAX_BYTES)
        return NULL;
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t length = strlen(names[i]), limit = (least(size, length) + 1) / 3, edits;
        if (length > WORD_MAX_BYTES)
            continue;
        edits = distance(word, size, names[i], length);
        if (edits > limit && length > size && starts_with(names[i], word, size))
            edits = limit; /* a word begun and not ended */
        if (edits <= limit && edits < best) {
            best = edits;
            nearest = names[i];
        }
    }
    return nearest;
}
