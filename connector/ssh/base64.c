/* Base64 between text and memory, by OpenSSL. */
#include "ssh/base64.h"

#include <limits.h>
#include <openssl/evp.h>

bool base64_decode(struct buf *out, const char *text, size_t size)
{
    EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
    unsigned char *room = (unsigned char *)buf_reserve(out, size + 4);
    int head = 0, tail = 0;
    bool good = context != NULL && room != NULL && size < INT_MAX;

    if (good) {
        EVP_DecodeInit(context);
        good = EVP_DecodeUpdate(context, room, &head, (const unsigned char *)text, (int)size) >=
                   0 &&
               EVP_DecodeFinal(context, room + head, &tail) == 1;
    }
    if (good)
        buf_commit(out, (size_t)head + (size_t)tail);
    EVP_ENCODE_CTX_free(context);
    return good;
}

void base64_encode(struct buf *out, const void *data, size_t size)
{
    size_t length = 4 * ((size + 2) / 3);
    unsigned char *room;

    if (size > INT_MAX / 2) {
        out->failed = true;
        return;
    }
    room = (unsigned char *)buf_reserve(out, length + 1);
    if (room == NULL)
        return;
    EVP_EncodeBlock(room, data, (int)size);
    buf_commit(out, length);
}
