/* bcrypt_pbkdf: bcrypt in the form of PBKDF2, over SHA-512, as OpenBSD's libutil defines it. */
#include "ssh/bcrypt_pbkdf.h"

#include <openssl/bn.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

#include "base/text.h"

enum { SUBKEYS = 18, BOXES = 4, BOX_WORDS = 256, WORDS = SUBKEYS + BOXES * BOX_WORDS };
enum { HASH_WORDS = 8, HASH_BYTES = 4 * HASH_WORDS, HASH_TURNS = 64 };

struct blowfish {
    uint32_t words[WORDS]; /* the subkeys, then the boxes: one run, as they are keyed */
};

/* Blowfish starts from the fraction of pi, which is computed rather than copied. */
static struct blowfish pi;
static bool pi_known;

/* *sum += sign * factor * arctan(1/x), in units of 2^-bits; *term is scratch. */
static bool add_arctan(BIGNUM *sum, BIGNUM *power, BIGNUM *term, BN_ULONG factor, BN_ULONG x,
                       bool negative, int bits)
{
    bool good = BN_set_word(power, factor) && BN_lshift(power, power, bits);

    good = good && BN_div_word(power, x) != (BN_ULONG)-1;
    for (BN_ULONG odd = 1; good && !BN_is_zero(power); odd += 2, negative = !negative) {
        good = BN_copy(term, power) != NULL && BN_div_word(term, odd) != (BN_ULONG)-1 &&
               (negative ? BN_sub(sum, sum, term) : BN_add(sum, sum, term)) &&
               BN_div_word(power, x * x) != (BN_ULONG)-1;
    }
    return good;
}

/* pi = 16 arctan(1/5) - 4 arctan(1/239), with some bits more for the rounding. */
static void compute_pi(void)
{
    enum { GUARD_BITS = 64, BITS = 32 * WORDS + GUARD_BITS };
    unsigned char bytes[4 * WORDS];
    BIGNUM *sum = BN_new(), *power = BN_new(), *term = BN_new();

    if (sum != NULL && power != NULL && term != NULL &&
        add_arctan(sum, power, term, 16, 5, false, BITS) &&
        add_arctan(sum, power, term, 4, 239, true, BITS) && BN_rshift(sum, sum, GUARD_BITS) &&
        BN_mask_bits(sum, 32 * WORDS) && BN_bn2binpad(sum, bytes, sizeof(bytes)) > 0) {
        for (size_t i = 0; i < WORDS; i++)
            pi.words[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
                          (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
        pi_known = true;
    }
    BN_free(sum);
    BN_free(power);
    BN_free(term);
}

static uint32_t mix(const struct blowfish *state, uint32_t x)
{
    const uint32_t *boxes = state->words + SUBKEYS;
    return ((boxes[x >> 24] + boxes[BOX_WORDS + (x >> 16 & 255)]) ^
            boxes[2 * BOX_WORDS + (x >> 8 & 255)]) +
           boxes[3 * BOX_WORDS + (x & 255)];
}

static void encipher(const struct blowfish *state, uint32_t pair[2])
{
    uint32_t left = pair[0] ^ state->words[0], right = pair[1], kept;

    for (int i = 1; i <= 16; i++) {
        right ^= mix(state, left) ^ state->words[i];
        kept = left;
        left = right;
        right = kept;
    }
    pair[0] = right ^ state->words[17];
    pair[1] = left;
}

/* The next word of a hash that is repeated without end. */
static uint32_t next_word(const unsigned char hash[SHA512_DIGEST_LENGTH], size_t *at)
{
    uint32_t word = 0;

    for (int i = 0; i < 4; i++, *at = (*at + 1) % SHA512_DIGEST_LENGTH)
        word = word << 8 | hash[*at];
    return word;
}

/* Mixes the key into the subkeys and then everything with itself, and with salt unless it is
 * NULL. */
static void expand(struct blowfish *state, const unsigned char *salt, const unsigned char *key)
{
    uint32_t pair[2] = {0, 0};
    size_t at = 0;

    for (int i = 0; i < SUBKEYS; i++)
        state->words[i] ^= next_word(key, &at);
    at = 0;
    for (int i = 0; i < WORDS; i += 2) {
        pair[0] ^= salt != NULL ? next_word(salt, &at) : 0;
        pair[1] ^= salt != NULL ? next_word(salt, &at) : 0;
        encipher(state, pair);
        state->words[i] = pair[0];
        state->words[i + 1] = pair[1];
    }
}

static void bcrypt_hash(const unsigned char *pass, const unsigned char *salt,
                        unsigned char out[HASH_BYTES])
{
    static const unsigned char text[SHA512_DIGEST_LENGTH] = "OxychromaticBlowfishSwatDynamite";
    struct blowfish state = pi;
    uint32_t words[HASH_WORDS];
    size_t at = 0;

    expand(&state, salt, pass);
    for (int i = 0; i < HASH_TURNS; i++) {
        expand(&state, NULL, salt);
        expand(&state, NULL, pass);
    }
    for (int i = 0; i < HASH_WORDS; i++)
        words[i] = next_word(text, &at);
    for (int i = 0; i < HASH_TURNS; i++)
        for (int k = 0; k < HASH_WORDS; k += 2)
            encipher(&state, words + k);
    for (int i = 0; i < HASH_BYTES; i++) /* little-endian, unlike everything else here */
        out[i] = (unsigned char)(words[i / 4] >> 8 * (i % 4));
    text_wipe(&state, sizeof(state));
    text_wipe(words, sizeof(words));
}

/* One block of PBKDF2: the first hash over the salt and the block's number. */
static void make_block(const unsigned char *pass, const unsigned char *salt, size_t salt_size,
                       uint32_t number, uint32_t rounds, unsigned char out[HASH_BYTES])
{
    unsigned char first[BCRYPT_SALT_MAX_BYTES + 4], hash[SHA512_DIGEST_LENGTH];
    unsigned char turn[HASH_BYTES];

    memcpy(first, salt, salt_size);
    for (size_t i = 0; i < 4; i++)
        first[salt_size + i] = (unsigned char)(number >> 8 * (3 - i));
    (void)SHA512(first, salt_size + 4, hash);
    bcrypt_hash(pass, hash, turn);
    memcpy(out, turn, HASH_BYTES);
    for (uint32_t round = 1; round < rounds; round++) {
        (void)SHA512(turn, HASH_BYTES, hash);
        bcrypt_hash(pass, hash, turn);
        for (int i = 0; i < HASH_BYTES; i++)
            out[i] ^= turn[i];
    }
    text_wipe(turn, sizeof(turn));
    text_wipe(hash, sizeof(hash));
}

/* The blocks' bytes are dealt out in turn, like cards. */
bool bcrypt_pbkdf(const char *passphrase, const unsigned char *salt, size_t salt_size,
                  uint32_t rounds, unsigned char *key, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t stride = (size + HASH_BYTES - 1) / HASH_BYTES;
    unsigned char pass[SHA512_DIGEST_LENGTH], block[HASH_BYTES];

    if (size == 0 || size > BCRYPT_KEY_MAX_BYTES || rounds == 0 || rounds > BCRYPT_ROUNDS_MAX ||
        salt_size == 0 || salt_size > BCRYPT_SALT_MAX_BYTES)
        return false;
    pthread_once(&once, compute_pi);
    if (!pi_known)
        return false;
    (void)SHA512((const unsigned char *)passphrase, strlen(passphrase), pass);
    for (size_t number = 0; number < stride; number++) {
        make_block(pass, salt, salt_size, (uint32_t)number + 1, rounds, block);
        for (size_t i = 0; i * stride + number < size && i < HASH_BYTES; i++)
            key[i * stride + number] = block[i];
    }
    text_wipe(pass, sizeof(pass));
    text_wipe(block, sizeof(block));
    return true;
}
