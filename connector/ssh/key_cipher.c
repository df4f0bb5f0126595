/* The ciphers that protect OpenSSH's private keys. */
#include "ssh/key_cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "ssh/bcrypt_pbkdf.h"

enum { TAG_BYTES = 16, CHACHA_KEY_BYTES = 32 };

struct key_cipher {
    const char *name;
    const EVP_CIPHER *(*evp)(void);
    size_t key_bytes, iv_bytes, block_bytes, tag_bytes;
};

static const struct key_cipher ciphers[] = {
    {"aes256-ctr", EVP_aes_256_ctr, 32, 16, 16, 0},
    {"aes192-ctr", EVP_aes_192_ctr, 24, 16, 16, 0},
    {"aes128-ctr", EVP_aes_128_ctr, 16, 16, 16, 0},
    {"aes256-cbc", EVP_aes_256_cbc, 32, 16, 16, 0},
    {"aes192-cbc", EVP_aes_192_cbc, 24, 16, 16, 0},
    {"aes128-cbc", EVP_aes_128_cbc, 16, 16, 16, 0},
    {"3des-cbc", EVP_des_ede3_cbc, 24, 8, 8, 0},
    {"aes256-gcm@openssh.com", EVP_aes_256_gcm, 32, 12, 16, TAG_BYTES},
    {"aes128-gcm@openssh.com", EVP_aes_128_gcm, 16, 12, 16, TAG_BYTES},
    {"chacha20-poly1305@openssh.com", EVP_chacha20, 64, 0, 8, TAG_BYTES},
};

const struct key_cipher *key_cipher_find(struct wire_text name)
{
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
        if (wire_is(name, ciphers[i].name))
            return &ciphers[i];
    return NULL;
}

size_t key_cipher_block_bytes(const struct key_cipher *cipher)
{
    return cipher->block_bytes;
}

size_t key_cipher_tag_bytes(const struct key_cipher *cipher)
{
    return cipher->tag_bytes;
}

/* One pass of a cipher; for GCM a tag to be verified may be given. */
static bool run(const EVP_CIPHER *evp, bool encrypt, const unsigned char *key,
                const unsigned char *iv, const unsigned char *tag, struct wire_text in,
                unsigned char *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char expected[TAG_BYTES], last[EVP_MAX_BLOCK_LENGTH];
    int size = 0;
    bool good = context != NULL &&
                EVP_CipherInit_ex(context, evp, NULL, key, iv, encrypt) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1;

    for (size_t i = 0; good && tag != NULL && i < TAG_BYTES; i++)
        expected[i] = tag[i];
    if (good && tag != NULL)
        good = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, expected) == 1;
    good = good && EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 &&
           (size_t)size == in.size && EVP_CipherFinal_ex(context, last, &size) == 1;
    EVP_CIPHER_CTX_free(context);
    return good;
}

static bool poly1305(const unsigned char *key, struct wire_text text,
                     unsigned char out[TAG_BYTES])
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "POLY1305", NULL);
    EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    size_t size = 0;
    bool good = context != NULL && EVP_MAC_init(context, key, CHACHA_KEY_BYTES, NULL) == 1 &&
                EVP_MAC_update(context, text.data, text.size) == 1 &&
                EVP_MAC_final(context, out, &size, TAG_BYTES) == 1;

    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return good && size == TAG_BYTES;
}

/* PROTOCOL.chacha20poly1305 of OpenSSH, for packet 0: the first block of the stream keys the
 * proof, the text begins with the second. */
static bool open_chacha(const unsigned char *key, struct wire_text sealed,
                        const unsigned char *tag, unsigned char *out)
{
    static const unsigned char zeros[CHACHA_KEY_BYTES], first[16], second[16] = {1};
    unsigned char proof_key[CHACHA_KEY_BYTES], proof[TAG_BYTES];
    bool good = run(EVP_chacha20(), true, key, first, NULL,
                    (struct wire_text){zeros, sizeof(zeros)}, proof_key) &&
                poly1305(proof_key, sealed, proof) &&
                CRYPTO_memcmp(proof, tag, TAG_BYTES) == 0 &&
                run(EVP_chacha20(), false, key, second, NULL, sealed, out);

    text_wipe(proof_key, sizeof(proof_key));
    return good;
}

/* The cipher's key and, after it, its first vector. */
static bool derive(const struct key_cipher *cipher, const char *passphrase,
                   struct wire_text kdf, unsigned char *key)
{
    struct wire wire = wire_of(kdf);
    struct wire_text salt = wire_read_text(&wire);
    uint32_t rounds = wire_read_number(&wire);

    return !wire.broken && bcrypt_pbkdf(passphrase, salt.data, salt.size, rounds, key,
                                        cipher->key_bytes + cipher->iv_bytes);
}

bool key_cipher_open(const struct key_cipher *cipher, const char *passphrase,
                     struct wire_text kdf, struct wire_text sealed, const unsigned char *tag,
                     struct buf *out)
{
    unsigned char key[BCRYPT_KEY_MAX_BYTES];
    unsigned char *room = (unsigned char *)buf_reserve(out, sealed.size);
    bool good = room != NULL && sealed.size > 0 && sealed.size % cipher->block_bytes == 0 &&
                derive(cipher, passphrase, kdf, key);

    if (good && cipher->evp == EVP_chacha20)
        good = open_chacha(key, sealed, tag, room);
    else if (good)
        good = run(cipher->evp(), false, key, key + cipher->key_bytes,
                   cipher->tag_bytes > 0 ? tag : NULL, sealed, room);
    if (good)
        buf_commit(out, sealed.size);
    text_wipe(key, sizeof(key));
    return good;
}

bool key_cipher_seal(const char *passphrase, struct wire_text kdf, struct wire_text text,
                     struct buf *out)
{
    const struct key_cipher *cipher = &ciphers[0];
    unsigned char key[BCRYPT_KEY_MAX_BYTES];
    unsigned char *room = (unsigned char *)buf_reserve(out, text.size);
    bool good = room != NULL && derive(cipher, passphrase, kdf, key) &&
                run(cipher->evp(), true, key, key + cipher->key_bytes, NULL, text, room);

    if (good)
        buf_commit(out, text.size);
    text_wipe(key, sizeof(key));
    return good;
}
