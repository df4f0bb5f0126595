/* Certificates of ssh-keygen's making: what they say, and that no change to one goes unseen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "ssh/bcrypt_pbkdf.h"
#include "ssh/certificate.h"

static char folder[] = "/tmp/towline-certificates-XXXXXX";

static int run(const char *command)
{
    char whole[1000];

    snprintf(whole, sizeof(whole), "cd %s && %s", folder, command);
    return system(whole);
}

static int make_certificates(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL &&
                   run("keygen() { ssh-keygen -q -t $1 $([ $1 = rsa ] && echo -b 2048) -N '' "
                       "-f $2; };"
                       "for ca in ed25519 ecdsa rsa; do keygen $ca ca_$ca; done;"
                       "for kind in ed25519 ecdsa rsa; do for ca in ed25519 ecdsa rsa; do"
                       " keygen $kind ${kind}_$ca;"
                       " ssh-keygen -q -h -s ca_$ca -I name -n one,two -V 20200101:20300101 "
                       "${kind}_$ca.pub; done; done") == 0
               ? 0
               : 1;
}

static int remove_certificates(void **state)
{
    (void)state;
    return run("rm -rf \"$PWD\"");
}

/* The blob of a file "TYPE BASE64 comment". */
static void read_blob(const char *kind, const char *ca, const char *end, struct buf *blob)
{
    char path[200], line[16384], *base64;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s_%s%s", folder, kind, ca, end);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    *blob = BUF_INIT(16384);
    base64 = strchr(line, ' ') + 1;
    assert_true(base64_decode(blob, base64, strcspn(base64, " \n")));
}

static const char *const kinds[] = {"ed25519", "ecdsa", "rsa"};

static void test_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < 9; i++) {
        struct buf blob, key;
        struct certificate certificate;
        read_blob(kinds[i / 3], kinds[i % 3], "-cert.pub", &blob);
        read_blob(kinds[i / 3], kinds[i % 3], ".pub", &key);
        assert_true(
            certificate_parse(&certificate, (const unsigned char *)blob.data, blob.size));
        assert_int_equal(certificate.kind, CERTIFICATE_HOST);
        assert_int_equal(certificate.key.size, key.size);
        assert_memory_equal(certificate.key.data, key.data, key.size);
        assert_true(certificate_names(&certificate, "one"));
        assert_true(certificate_names(&certificate, "two"));
        assert_false(certificate_names(&certificate, "three"));
        assert_false(certificate_names(&certificate, "on"));
        assert_false(certificate_is_current(&certificate, 1500000000));
        assert_true(certificate_is_current(&certificate, 1700000000));
        assert_false(certificate_is_current(&certificate, 1900000000));
        assert_true(certificate_is_signed(&certificate));
        certificate_reset(&certificate);
        buf_free(&blob);
        buf_free(&key);
    }
}

/* A copy that ends where its memory ends, so that a read beyond it is found. */
static bool holds(const struct buf *blob, size_t size, size_t flipped)
{
    unsigned char *copy = malloc(size + (size == 0));
    struct certificate certificate;
    bool good;

    assert_non_null(copy);
    memcpy(copy, blob->data, size);
    if (flipped < size)
        copy[flipped] ^= 1;
    good = certificate_parse(&certificate, copy, size) && certificate_is_signed(&certificate);
    certificate_reset(&certificate);
    free(copy);
    return good;
}

static void test_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buf blob;
        read_blob("ed25519", kinds[i], "-cert.pub", &blob);
        assert_true(holds(&blob, blob.size, SIZE_MAX));
        for (size_t at = 0; at < blob.size; at++) {
            assert_false(holds(&blob, at, SIZE_MAX));
            if (holds(&blob, blob.size, at))
                fail_msg("%s: byte %zu may be changed", kinds[i], at);
        }
        buf_free(&blob);
    }
}

static void test_what_is_none(void **state)
{
    struct certificate certificate;
    struct buf key;

    (void)state;
    read_blob("rsa", "rsa", ".pub", &key);
    assert_false(certificate_parse(&certificate, (const unsigned char *)key.data, key.size));
    certificate_reset(&certificate);
    assert_false(certificate_parse(&certificate, (const unsigned char *)"", 0));
    certificate_reset(&certificate);
    buf_free(&key);
}

/* OpenBSD's own vector (regress/lib/libutil/bcrypt_pbkdf), and limits. */
static void test_bcrypt_pbkdf(void **state)
{
    static const unsigned char expected[] = {0x5b, 0xbf, 0x0c, 0xc2, 0x93, 0x58, 0x7f, 0x1c,
                                             0x36, 0x35, 0x55, 0x5c, 0x27, 0x79, 0x65, 0x98,
                                             0xd4, 0x7e, 0x57, 0x90, 0x71, 0xbf, 0x42, 0x7e,
                                             0x9d, 0x8f, 0xbe, 0x84, 0x2a, 0xba, 0x34, 0xd9};
    const unsigned char *salt = (const unsigned char *)"salt";
    unsigned char key[BCRYPT_KEY_MAX_BYTES + 1];

    (void)state;
    assert_true(bcrypt_pbkdf("password", salt, 4, 4, key, sizeof(expected)));
    assert_memory_equal(key, expected, sizeof(expected));
    assert_false(bcrypt_pbkdf("password", salt, 4, 0, key, 32));
    assert_false(bcrypt_pbkdf("password", salt, 4, BCRYPT_ROUNDS_MAX + 1, key, 32));
    assert_false(bcrypt_pbkdf("password", salt, 0, 4, key, 32));
    assert_false(bcrypt_pbkdf("password", salt, 4, 4, key, 0));
    assert_false(bcrypt_pbkdf("password", salt, 4, 4, key, sizeof(key)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_bcrypt_pbkdf),
    };
    return cmocka_run_group_tests_name("certificates", tests, make_certificates,
                                       remove_certificates);
}
