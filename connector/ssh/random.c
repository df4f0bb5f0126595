/* Random words that nobody can guess. */
#include "ssh/random.h"

#include <openssl/rand.h>

enum { BYTES_MAX = 32 };

enum tl_status random_hex(char *out, size_t size, struct tl_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[BYTES_MAX];
    size_t count = size / 2;

    if (count > BYTES_MAX || RAND_bytes(bytes, (int)count) != 1)
        return tl_fail(err, TL_INTERNAL, "the system gives no random numbers");
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * count] = '\0';
    return TL_OK;
}
