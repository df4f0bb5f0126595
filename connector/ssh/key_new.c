/* Makes new key pairs. */
#include "ssh/key_new.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/base64.h"
#include "ssh/key.h"
#include "ssh/key_evp.h"
#include "ssh/key_openssh.h"
#include "ssh/known_hosts.h"

/* What there is to choose from. */
static const struct {
    const char *type;
    int usual_bits, min_bits, max_bits;
    const char *bits; /* for the message */
} types[] = {
    {"ed25519", 256, 256, 256, "256"},
    {"ecdsa", 256, 256, 521, "256, 384 or 521"},
    {"rsa", 3072, 2048, 16384, "2048 to 16384"},
};

static const char *curve_of(int bits)
{
    return bits == 256 ? "P-256" : bits == 384 ? "P-384" : bits == 521 ? "P-521" : NULL;
}

static enum tl_status check_bits(const char *type, int *bits, struct tl_error *err)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].type, type) != 0)
            continue;
        if (*bits == 0)
            *bits = types[i].usual_bits;
        if (*bits >= types[i].min_bits && *bits <= types[i].max_bits &&
            (strcmp(type, "ecdsa") != 0 || curve_of(*bits) != NULL))
            return TL_OK;
        return tl_fail(err, TL_USAGE, "an %s key has %s bits, not %d", type, types[i].bits,
                       *bits);
    }
    return tl_fail(err, TL_USAGE, "there is no key of type %s", type);
}

static EVP_PKEY *generate(const char *type, int bits)
{
    if (strcmp(type, "rsa") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    if (strcmp(type, "ecdsa") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_of(bits));
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static bool write_pair(const EVP_PKEY *pkey, const char *comment, const char *passphrase,
                       struct key_pair *pair)
{
    struct buf secret = BUF_INIT(SSH_KEY_MAX_BYTES), blob = BUF_INIT(SSH_KEY_MAX_BYTES);
    bool good;

    (void)buf_reserve(&secret, SSH_KEY_MAX_BYTES / 2); /* never moved: nothing left behind */
    (void)buf_reserve(&pair->private_text, SSH_KEY_MAX_BYTES);
    good = key_evp_append_private(&secret, pkey) && key_evp_append_public(&blob, pkey) &&
           !secret.failed && !blob.failed &&
           key_openssh_write(&pair->private_text, &secret, &blob, comment, passphrase);
    if (good) {
        known_key_sha256((struct known_key){(const unsigned char *)blob.data, blob.size},
                         pair->sha256);
        buf_printf(&pair->public_line, "%s ", key_evp_type(pkey));
        base64_encode(&pair->public_line, blob.data, blob.size);
        if (*comment != '\0')
            buf_printf(&pair->public_line, " %s", comment);
        good = !pair->public_line.failed;
    }
    buf_wipe(&secret);
    buf_free(&blob);
    return good;
}

enum tl_status key_pair_new(const char *type, int bits, const char *comment,
                            const char *passphrase, struct key_pair *pair, struct tl_error *err)
{
    EVP_PKEY *pkey;
    enum tl_status status = check_bits(type, &bits, err);

    *pair = (struct key_pair){.private_text = BUF_INIT(4 * SSH_KEY_MAX_BYTES),
                              .public_line = BUF_INIT(SSH_KEY_MAX_BYTES)};
    if (status != TL_OK)
        return status;
    pkey = generate(type, bits);
    if (pkey == NULL || !write_pair(pkey, comment, passphrase, pair)) {
        key_pair_free(pair);
        status = tl_fail(err, TL_INTERNAL, "OpenSSL made no %s key", type);
    }
    EVP_PKEY_free(pkey);
    return status;
}

void key_pair_free(struct key_pair *pair)
{
    buf_wipe(&pair->private_text);
    buf_free(&pair->public_line);
}
