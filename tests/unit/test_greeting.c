/* A server's first words: banner and offered algorithms, in every chunking. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ssh/greeting.h"

static void append_u32(struct buf *out, size_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_append_char(out, (char)(number >> shift & 0xff));
}

/* Lines, banner and a KEXINIT packet with the lists "kex0", "list1", "list2" ... */
static void compose(struct buf *out, const char *before)
{
    static const char *const lists[] = {"kex,kex-strict-s-v00@openssh.com",
                                        "hk1,hk2",
                                        "c1",
                                        "c2",
                                        "m1",
                                        "m2",
                                        "none",
                                        "none",
                                        "",
                                        ""};
    struct buf payload = BUF_INIT(4096);

    *out = BUF_INIT(1 << 17);
    buf_append_string(out, before);
    buf_append_string(out, "SSH-2.0-Test_1.0 x\r\n");
    buf_append(&payload,
               "\024"
               "0123456789abcdef",
               17);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        append_u32(&payload, strlen(lists[i]));
        buf_append_string(&payload, lists[i]);
    }
    buf_append(&payload, "\0\0\0\0\0", 5);
    append_u32(out, 1 + payload.size + 7);
    buf_append_char(out, 7);
    buf_append(out, payload.data, payload.size);
    buf_append(out, "paddingMORE", 11);
    buf_free(&payload);
}

static void feed(struct ssh_greeting *greeting, const char *data, size_t size, size_t chunk)
{
    ssh_greeting_init(greeting);
    while (size > 0) {
        size_t now = chunk < size ? chunk : size;
        ssh_greeting_feed(greeting, data, now);
        data += now;
        size -= now;
    }
}

static void test_chunks(void **state)
{
    static const size_t chunks[] = {1, 2, 5, 19, 997};
    static const char *const before[] = {"", "notice\r\n", "SSH\nSSH-\n\n"};

    (void)state;
    for (size_t b = 0; b < 3; b++) {
        for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
            struct ssh_greeting greeting;
            struct buf text;
            compose(&text, before[b]);
            feed(&greeting, text.data, text.size, chunks[c]);
            assert_true(greeting.complete);
            assert_string_equal(buf_text(&greeting.banner), "SSH-2.0-Test_1.0 x");
            assert_string_equal(buf_text(&greeting.offers[SSH_OFFER_HOST_KEY]), "hk1,hk2");
            assert_string_equal(buf_text(&greeting.offers[SSH_OFFER_MAC_TO_CLIENT]), "m2");
            ssh_greeting_free(&greeting);
            buf_free(&text);
        }
    }
}

/* Lengths that lie must not be believed; a sanitizer watches. */
static void test_damage(void **state)
{
    struct buf text;

    (void)state;
    compose(&text, "");
    for (size_t at = 0; at < text.size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct ssh_greeting greeting;
            char *copy = malloc(text.size);
            assert_non_null(copy);
            memcpy(copy, text.data, text.size);
            copy[at] = (char)(copy[at] ^ 1 << bit);
            feed(&greeting, copy, text.size, text.size);
            ssh_greeting_free(&greeting);
            free(copy);
        }
    }
    buf_free(&text);
}

static void test_endless(void **state)
{
    struct ssh_greeting greeting;
    struct buf text = BUF_INIT(1 << 18);

    (void)state;
    for (int i = 0; i < 20000; i++)
        buf_append_string(&text, "no banner\n");
    feed(&greeting, text.data, text.size, 4096);
    assert_int_equal(greeting.banner.size, 0);
    assert_true(greeting.raw.size <= SSH_GREETING_MAX_BYTES);
    ssh_greeting_free(&greeting);
    buf_free(&text);
}

static void test_names(void **state)
{
    (void)state;
    assert_true(ssh_names_contain("a,bc,d", "bc"));
    assert_true(ssh_names_contain("bc", "bc"));
    assert_false(ssh_names_contain("a,bcd", "bc"));
    assert_false(ssh_names_contain("", "bc"));
    assert_true(ssh_names_meet("a,b", "c,b"));
    assert_false(ssh_names_meet("a,b", "c,ab"));
    assert_false(ssh_names_meet("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
