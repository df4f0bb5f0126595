/* OpenSSL's keys in SSH's wire form. */
#include "ssh/key_evp.h"

#include <openssl/core_names.h>
#include <string.h>

#include "base/text.h"
#include "ssh/wire.h"

enum { ED25519_BYTES = 32, NUMBER_MAX_BYTES = 2048, GROUP_BYTES = 64 };

static const struct {
    const char *group; /* OpenSSL's name */
    const char *type;  /* SSH's */
    size_t field_bytes;
} curves[] = {
    {"prime256v1", "ecdsa-sha2-nistp256", 32},
    {"secp384r1", "ecdsa-sha2-nistp384", 48},
    {"secp521r1", "ecdsa-sha2-nistp521", 66},
};
enum { CURVES = sizeof(curves) / sizeof(curves[0]) };

/* Which of the curves; CURVES if none. */
static size_t curve_of(const EVP_PKEY *pkey)
{
    char group[GROUP_BYTES] = "";
    size_t curve = 0;

    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
        return CURVES;
    while (curve < CURVES && strcmp(curves[curve].group, group) != 0)
        curve++;
    return curve;
}

const char *key_evp_type(const EVP_PKEY *pkey)
{
    size_t curve;

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return "ssh-rsa";
    case EVP_PKEY_ED25519:
        return "ssh-ed25519";
    case EVP_PKEY_EC:
        curve = curve_of(pkey);
        return curve < CURVES ? curves[curve].type : NULL;
    default:
        return NULL;
    }
}

static bool append_number(struct buf *out, const EVP_PKEY *pkey, const char *parameter)
{
    unsigned char bytes[NUMBER_MAX_BYTES];
    BIGNUM *number = NULL;
    bool good = EVP_PKEY_get_bn_param(pkey, parameter, &number) == 1 &&
                BN_num_bytes(number) <= NUMBER_MAX_BYTES;

    if (good)
        wire_append_unsigned(out, bytes, (size_t)BN_bn2bin(number, bytes));
    BN_clear_free(number);
    text_wipe(bytes, sizeof(bytes));
    return good;
}

static bool append_numbers(struct buf *out, const EVP_PKEY *pkey, const char *const *parameters)
{
    bool good = true;

    for (; good && *parameters != NULL; parameters++)
        good = append_number(out, pkey, *parameters);
    return good;
}

/* Uncompressed: 4, x, y, each as long as the field. */
static bool append_point(struct buf *out, const EVP_PKEY *pkey, size_t field_bytes)
{
    unsigned char point[1 + 2 * 66] = {4};
    BIGNUM *x = NULL, *y = NULL;
    int bytes = (int)field_bytes;
    bool good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
                BN_bn2binpad(x, point + 1, bytes) == bytes &&
                BN_bn2binpad(y, point + 1 + bytes, bytes) == bytes;

    if (good)
        wire_append_text(out, point, 1 + 2 * field_bytes);
    BN_free(x);
    BN_free(y);
    return good;
}

/* The curve's own name in SSH is the end of the type's. */
static bool append_ecdsa(struct buf *out, const EVP_PKEY *pkey)
{
    size_t curve = curve_of(pkey);

    wire_append_word(out, strrchr(curves[curve].type, '-') + 1);
    return append_point(out, pkey, curves[curve].field_bytes);
}

static bool append_ed25519(struct buf *out, const EVP_PKEY *pkey, bool with_private)
{
    unsigned char both[2 * ED25519_BYTES];
    size_t seed_size = ED25519_BYTES, size = ED25519_BYTES;
    bool good = EVP_PKEY_get_raw_public_key(pkey, both + ED25519_BYTES, &size) == 1;

    if (good)
        wire_append_text(out, both + ED25519_BYTES, ED25519_BYTES);
    if (good && with_private) {
        good = EVP_PKEY_get_raw_private_key(pkey, both, &seed_size) == 1;
        wire_append_text(out, both, sizeof(both));
    }
    text_wipe(both, sizeof(both));
    return good;
}

bool key_evp_append_public(struct buf *out, const EVP_PKEY *pkey)
{
    static const char *const rsa[] = {OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_N, NULL};

    wire_append_word(out, key_evp_type(pkey));
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return append_numbers(out, pkey, rsa);
    case EVP_PKEY_EC:
        return append_ecdsa(out, pkey);
    default:
        return append_ed25519(out, pkey, false);
    }
}

bool key_evp_append_private(struct buf *out, const EVP_PKEY *pkey)
{
    static const char *const rsa[] = {
        OSSL_PKEY_PARAM_RSA_N,
        OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,
        OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
        OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,
        NULL,
    };

    wire_append_word(out, key_evp_type(pkey));
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return append_numbers(out, pkey, rsa);
    case EVP_PKEY_EC:
        return append_ecdsa(out, pkey) && append_number(out, pkey, OSSL_PKEY_PARAM_PRIV_KEY);
    default:
        return append_ed25519(out, pkey, true);
    }
}
