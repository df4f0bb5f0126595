/* The public half of a key. */
#include "ssh/key_public.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "ssh/key.h"

bool key_public_decode(const char *line, struct buf *blob)
{
    const char *type = line + strspn(line, " \t\r\n"), *base64 = type + strcspn(type, " \t");
    struct known_key key;
    char inner[KNOWN_KEY_TYPE_SIZE];
    size_t type_size = (size_t)(base64 - type);

    base64 += strspn(base64, " \t");
    if (!base64_decode(blob, base64, strcspn(base64, " \t\r\n")))
        return false;
    key = (struct known_key){(const unsigned char *)blob->data, blob->size};
    known_key_type(key, inner);
    return type_size > 0 && strlen(inner) == type_size && memcmp(inner, type, type_size) == 0;
}

const char *key_public_sha256(const char *text, char out[KNOWN_KEY_SHA256_SIZE])
{
    struct buf blob = BUF_INIT(SSH_KEY_MAX_BYTES);

    out[0] = '\0';
    if (key_public_decode(text, &blob))
        known_key_sha256((struct known_key){(const unsigned char *)buf_text(&blob), blob.size},
                         out);
    buf_free(&blob);
    return out;
}

const char *key_public_beside(const char *path, char out[KNOWN_KEY_SHA256_SIZE])
{
    char line[SSH_KEY_MAX_BYTES / 2] = "", *whole = NULL;
    FILE *file = NULL;

    if (asprintf(&whole, "%s.pub", path) >= 0) {
        file = fopen(whole, "re");
        free(whole);
    }
    if (file != NULL) {
        if (fgets(line, sizeof(line), file) == NULL)
            line[0] = '\0';
        fclose(file);
    }
    return key_public_sha256(line, out);
}
