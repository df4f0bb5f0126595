/* Signatures in SSH's wire form (RFC 5656 section 3.1.2, RFC 8332, RFC 8709). */
#include "ssh/signature.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

enum { RSA_MIN_BITS = 2048 };

/* How the blob of a key, and the signatures by it, are read. */
static const struct algorithm {
    const char *name;     /* of the signature */
    const char *key_type; /* that makes such signatures */
    const char *digest;   /* NULL: none beforehand */
    const char *group;    /* ECDSA: OpenSSL's name of the curve */
} algorithms[] = {
    {"ssh-ed25519", "ssh-ed25519", NULL, NULL},
    {"rsa-sha2-512", "ssh-rsa", "SHA512", NULL},
    {"rsa-sha2-256", "ssh-rsa", "SHA256", NULL},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "SHA256", "prime256v1"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "SHA384", "secp384r1"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "SHA512", "secp521r1"},
};

static const struct algorithm *find(struct wire_text name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (wire_is(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return pkey;
}

static EVP_PKEY *rsa_new(struct wire_text e, struct wire_text n)
{
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.size, NULL);
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;

    if (exponent != NULL && modulus != NULL && builder != NULL &&
        BN_num_bits(modulus) >= RSA_MIN_BITS &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        pkey = from_parameters("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    return pkey;
}

static EVP_PKEY *ecdsa_new(const char *group, struct wire_text point)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;

    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data,
                                         point.size) == 1)
        pkey = from_parameters("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static EVP_PKEY *key_new(const struct algorithm *algorithm, struct wire_text blob)
{
    struct wire wire = wire_of(blob);
    struct wire_text type = wire_read_text(&wire), first = wire_read_text(&wire), second;

    if (wire.broken || !wire_is(type, algorithm->key_type))
        return NULL;
    if (algorithm->digest == NULL)
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, first.data, first.size);
    second = wire_read_text(&wire);
    if (wire.broken)
        return NULL;
    return algorithm->group != NULL ? ecdsa_new(algorithm->group, second)
                                    : rsa_new(first, second);
}

/* SSH has the two numbers one after the other, OpenSSL in DER. *out is to be freed. */
static int ecdsa_to_der(struct wire_text signature, unsigned char **out)
{
    struct wire wire = wire_of(signature);
    struct wire_text r = wire_read_text(&wire), s = wire_read_text(&wire);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r_number = BN_bin2bn(r.data, (int)r.size, NULL);
    BIGNUM *s_number = BN_bin2bn(s.data, (int)s.size, NULL);
    int size = -1;

    if (!wire.broken && pair != NULL && r_number != NULL && s_number != NULL &&
        ECDSA_SIG_set0(pair, r_number, s_number) == 1) {
        r_number = s_number = NULL; /* the pair's now */
        size = i2d_ECDSA_SIG(pair, out);
    }
    BN_free(r_number);
    BN_free(s_number);
    ECDSA_SIG_free(pair);
    return size;
}

static bool verify(const struct algorithm *algorithm, EVP_PKEY *pkey,
                   struct wire_text signature, struct wire_text text)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const unsigned char *bytes = signature.data;
    unsigned char *der = NULL;
    int size = (int)signature.size;
    bool good;

    if (algorithm->group != NULL) {
        size = ecdsa_to_der(signature, &der);
        bytes = der;
    }
    good = context != NULL && size > 0 &&
           EVP_DigestVerifyInit_ex(context, NULL, algorithm->digest, NULL, NULL, pkey, NULL) ==
               1 &&
           EVP_DigestVerify(context, bytes, (size_t)size, text.data, text.size) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    return good;
}

bool signature_is_good(struct wire_text key, struct wire_text signature, struct wire_text text)
{
    struct wire wire = wire_of(signature);
    struct wire_text name = wire_read_text(&wire), bytes = wire_read_text(&wire);
    const struct algorithm *algorithm = find(name);
    EVP_PKEY *pkey;
    bool good;

    if (wire.broken || wire.left != 0 || algorithm == NULL)
        return false;
    pkey = key_new(algorithm, key);
    good = pkey != NULL && verify(algorithm, pkey, bytes, text);
    EVP_PKEY_free(pkey);
    return good;
}
