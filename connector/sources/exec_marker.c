/* Proof of completion: the marks around a command's output, found in any chunking. */
#include "sources/exec_marker.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RS = 0x1e, NUMBER_MAX_DIGITS = 9 };

void exec_marker_init(struct exec_marker *marker, const char *nonce, char begin)
{
    *marker = (struct exec_marker){.begin = begin, .noise = BUF_INIT(EXEC_NOISE_MAX_BYTES)};
    snprintf(marker->nonce, sizeof(marker->nonce), "%s", nonce);
}

void exec_marker_free(struct exec_marker *marker)
{
    buf_free(&marker->noise);
}

/* Whether c goes on with the mark of which n_held bytes are held. */
static bool continues(const struct exec_marker *marker, char c)
{
    size_t nonce_size = strlen(marker->nonce), at = marker->n_held;
    char letter = marker->place == EXEC_BEFORE ? marker->begin : 'e';
    size_t digits = at - 1 - nonce_size - 1;

    if (at == 0)
        return c == RS;
    if (at <= nonce_size)
        return c == marker->nonce[at - 1];
    if (at == 1 + nonce_size)
        return c == letter;
    if (c == '\n')
        return digits > 0 || marker->place == EXEC_BEFORE;
    return isdigit((unsigned char)c) && digits < NUMBER_MAX_DIGITS;
}

static void pass_mark(struct exec_marker *marker)
{
    const int number = atoi(marker->held + 1 + strlen(marker->nonce) + 1);

    if (marker->place == EXEC_INSIDE)
        marker->status = number;
    else
        marker->pid = number;
    marker->place = marker->place == EXEC_BEFORE ? EXEC_INSIDE : EXEC_AFTER;
    marker->n_held = 0;
}

static void hold(struct exec_marker *marker, char c)
{
    marker->held[marker->n_held++] = c;
    marker->held[marker->n_held] = '\0';
    if (c == '\n')
        pass_mark(marker);
}

static void note_noise(struct exec_marker *marker, const char *data, size_t size)
{
    size_t room = EXEC_NOISE_MAX_BYTES - 1 - marker->noise.size;
    buf_append(&marker->noise, data, size < room ? size : room);
}

/* The bytes up to the next one that may start a mark. */
static size_t plain_size(const char *data, size_t size)
{
    const char *rs = memchr(data, RS, size);
    return rs != NULL ? (size_t)(rs - data) : size;
}

/* The next piece that is surely no mark, whichever side of the mark it is on. */
static bool next_piece(struct exec_marker *marker, const char **data, size_t *size,
                       const char **out, size_t *out_size)
{
    while (*size > 0 && marker->place != EXEC_AFTER) {
        if (marker->n_held == 0 && (*out_size = plain_size(*data, *size)) > 0) {
            *out = *data;
            *data += *out_size;
            *size -= *out_size;
            return true;
        }
        if (!continues(marker, **data)) { /* no mark after all: what is held was output */
            *out = marker->held;
            *out_size = marker->n_held;
            marker->n_held = 0;
            return true;
        }
        hold(marker, **data);
        (*data)++;
        (*size)--;
    }
    return false;
}

bool exec_marker_next(struct exec_marker *marker, const char **data, size_t *size,
                      const char **out, size_t *out_size)
{
    while (next_piece(marker, data, size, out, out_size)) {
        if (marker->place == EXEC_INSIDE)
            return true;
        note_noise(marker, *out, *out_size);
    }
    return false;
}
