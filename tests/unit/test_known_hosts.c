/* known_hosts: every kind of line, what it says of a key, and remembering a new host. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/base64.h"
#include "ssh/known_hosts.h"

#define KEY_A "AAAAC3NzaC1lZDI1NTE5AAAAIB6O2wgbYTq8iPks94a4cT5h4ZS55MiiyZLChjwQKkgz"
#define KEY_B "AAAAC3NzaC1lZDI1NTE5AAAAIB4q3DL7Dk3SQKkEff5TE4+r59KvnSQLCUxUcx/1A87C"
#define KEY_EC                                                                                 \
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNv4UTJbUJUwYHl/3d6aJIDfCWC4/658nD5r" \
    "krgp0v2inXy6jXBCH9pRL/v/u0l1z9FPUVWqv26Susg7ywtFZEQ="
#define A           " ssh-ed25519 " KEY_A "\n"
#define B           " ssh-ed25519 " KEY_B "\n"
#define EC          " ecdsa-sha2-nistp256 " KEY_EC "\n"
#define SHA256_A    "SHA256:QBgPiActg1GN0TbWzK1s/2lLcMeSlfu++Y+HL5aZE0o"
#define HASHED_22   "|1|cknkt7Nrgtvi0otyB8Bxvfc+BCw=|MYTd/zt+J3M85B8M8fmp9DepHlQ="
#define HASHED_2222 "|1|CyXIoxheMh3s/Nremwx6t1O/izg=|BFhK3WesG6Bkoft/9w4NC+wpJ3A="

static char folder[] = "/tmp/towline-known-hosts-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char paths[4][100];
    static int turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static const char *file_of(const char *name, const char *text)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* The wire form of a key, in memory that the caller frees. */
static struct known_key decode(const char *base64, struct buf *blob)
{
    *blob = BUF_INIT(4096);
    assert_true(base64_decode(blob, base64, strlen(base64)));
    return (struct known_key){(const unsigned char *)blob->data, blob->size};
}

#define ONE(path) ((const char *const[]){(path), NULL})

static enum known_hosts_verdict verdict_of(const char *const *paths, const char *host,
                                           uint16_t port, const char *base64)
{
    struct buf blob;
    struct known_key key = decode(base64, &blob);
    struct known_hosts *hosts = NULL;
    enum known_hosts_verdict verdict;

    assert_int_equal(known_hosts_load(paths, host, port, &hosts, NULL), TL_OK);
    verdict = known_hosts_check(hosts, key, NULL);
    known_hosts_free(hosts);
    buf_free(&blob);
    return verdict;
}

static enum known_hosts_verdict verdict_in(const char *path, const char *host, uint16_t port,
                                           const char *base64)
{
    return verdict_of(ONE(path), host, port, base64);
}

static const struct {
    const char *text;
    const char *host;
    uint16_t port;
    const char *key;
    enum known_hosts_verdict verdict;
} cases[] = {
    {"h" A, "h", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"h" A, "H", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"HOST" A, "host", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"h" A, "other", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"h" A, "h", 22, KEY_B, KNOWN_HOSTS_CHANGED},
    {"h" A, "h", 22, KEY_EC, KNOWN_HOSTS_CHANGED},
    {"h" A "h" B, "h", 22, KEY_B, KNOWN_HOSTS_MATCH},
    {"h" EC "h" A, "h", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"a,h,b" A, "h", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"a,hh,b" A, "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"*.example" A, "www.example", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"*.example" A, "example", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"w?w.*" A, "wow.x", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"*a*b*c" A, "xxabxxabc", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"*,!h" A, "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"!h,*" A, "g", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"!h" A, "g", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"[h]:2222" A, "h", 2222, KEY_A, KNOWN_HOSTS_MATCH},
    {"[h]:2222" A, "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"[h]:2222" A, "h", 2223, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"h" A, "h", 2222, KEY_A, KNOWN_HOSTS_MATCH},
    {"h" A, "h", 2222, KEY_B, KNOWN_HOSTS_UNKNOWN},
    {"h" A "[h]:2222" B, "h", 2222, KEY_EC, KNOWN_HOSTS_CHANGED},
    {"::1" A, "::1", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"[::1]:23" A, "::1", 23, KEY_A, KNOWN_HOSTS_MATCH},
    {HASHED_22 A, "hashed.example", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {HASHED_22 A, "hashed.example", 22, KEY_B, KNOWN_HOSTS_CHANGED},
    {HASHED_22 A, "hashed.exampl", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {HASHED_2222 B, "hashed.example", 2222, KEY_B, KNOWN_HOSTS_MATCH},
    {HASHED_2222 B, "hashed.example", 22, KEY_B, KNOWN_HOSTS_UNKNOWN},
    {"|1|x" A "|1|" A "|1||" A "|2|x|y" A, "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"@revoked h" A "h" A, "h", 22, KEY_A, KNOWN_HOSTS_REVOKED},
    {"h" A "@revoked *" A, "h", 22, KEY_A, KNOWN_HOSTS_REVOKED},
    {"h" A "@revoked *" B, "h", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"@revoked h" B, "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"@cert-authority h" A, "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"@cert-authority *" B "h" A, "h", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"@nonsense h" A, "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"# h" A "\n   \n  h\tssh-ed25519\t" KEY_A "\tcomment\n", "h", 22, KEY_A,
     KNOWN_HOSTS_MATCH},
    {"h ssh-ed25519 " KEY_A "\r\n", "h", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"h ssh-ed25519 " KEY_A, "h", 22, KEY_A, KNOWN_HOSTS_MATCH},
    {"h\nh ssh-ed25519\nh ssh-ed25519 !!!\nh ssh-rsa " KEY_B "\nh" A, "h", 22, KEY_A,
     KNOWN_HOSTS_MATCH},
    {"h ssh-rsa " KEY_A "\n", "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
    {"", "h", 22, KEY_A, KNOWN_HOSTS_UNKNOWN},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = file_of("lines", cases[i].text);
        enum known_hosts_verdict got =
            verdict_in(path, cases[i].host, cases[i].port, cases[i].key);
        if (got != cases[i].verdict)
            fail_msg("case %zu, %s: got %d, wanted %d", i, cases[i].text, (int)got,
                     (int)cases[i].verdict);
    }
}

static void test_huge_line_hides_nothing(void **state)
{
    struct buf text = BUF_INIT(1 << 20);

    (void)state;
    buf_append_string(&text, "h ssh-ed25519 ");
    for (int i = 0; i < 200000; i++)
        buf_append_char(&text, 'A');
    buf_append_string(&text, "\nh" A);
    assert_int_equal(verdict_in(file_of("huge", buf_text(&text)), "h", 22, KEY_A),
                     KNOWN_HOSTS_MATCH);
    buf_free(&text);
}

static void test_several_files(void **state)
{
    const char *const paths[] = {path_of("absent"), file_of("one, with blanks", "g" B),
                                 file_of("two", "h" A), NULL};

    (void)state;
    assert_int_equal(verdict_of(paths, "h", 22, KEY_A), KNOWN_HOSTS_MATCH);
    assert_int_equal(verdict_of(paths, "g", 22, KEY_A), KNOWN_HOSTS_CHANGED);
}

static void test_unreadable_fails_closed(void **state)
{
    struct known_hosts *hosts = NULL;
    struct tl_error err = {0};

    (void)state;
    assert_int_equal(known_hosts_load(ONE(folder), "h", 22, &hosts, &err), TL_HOST_KEY);
    assert_null(hosts);
    assert_non_null(strstr(err.message, folder));
    assert_non_null(strstr(err.remedy, "ssh_known_hosts_path"));
}

static void test_other_key_and_types(void **state)
{
    struct buf blob;
    struct known_key key = decode(KEY_A, &blob), other;
    struct known_hosts *hosts = NULL;
    char type[KNOWN_KEY_TYPE_SIZE], sha256[KNOWN_KEY_SHA256_SIZE];

    (void)state;
    assert_int_equal(known_hosts_load(ONE(file_of("types", "h" EC "h" B "@cert-authority h" A)),
                                      "h", 22, &hosts, NULL),
                     TL_OK);
    assert_int_equal(known_hosts_check(hosts, key, &other), KNOWN_HOSTS_CHANGED);
    assert_string_equal(known_key_type(other, type), "ssh-ed25519");
    assert_true(known_hosts_has_type(hosts, "ecdsa-sha2-nistp256"));
    assert_false(known_hosts_has_type(hosts, "ssh-rsa"));
    assert_true(known_hosts_has_authority(hosts));
    assert_string_equal(known_key_sha256(key, sha256), SHA256_A);
    known_hosts_free(hosts);
    buf_free(&blob);
}

static enum tl_status add(const char *path, const char *host, uint16_t port, const char *base64,
                          bool further_type)
{
    struct buf blob;
    struct known_key key = decode(base64, &blob);
    struct tl_error err = {0};
    enum tl_status status = known_hosts_add(ONE(path), host, port, key, further_type, &err);

    buf_free(&blob);
    return status;
}

static void test_add(void **state)
{
    const char *path = path_of("new/known_hosts");
    struct stat info;
    mode_t mask = umask(0);

    (void)state;
    assert_int_equal(add(path, "Host", 22, KEY_A, false), TL_OK);
    assert_int_equal(add(path, "host", 2222, KEY_B, false), TL_OK);
    umask(mask);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat(path_of("new"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(verdict_in(path, "host", 22, KEY_A), KNOWN_HOSTS_MATCH);
    assert_int_equal(verdict_in(path, "host", 2222, KEY_B), KNOWN_HOSTS_MATCH);
}

static void test_add_never_replaces(void **state)
{
    const char *path = file_of("conflict", "h" A "@revoked r" B);
    struct stat before, after;

    (void)state;
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(add(path, "h", 22, KEY_B, false), TL_HOST_KEY);
    assert_int_equal(add(path, "h", 22, KEY_A, false), TL_OK);
    assert_int_equal(add(path, "h", 22, KEY_B, true), TL_HOST_KEY);
    assert_int_equal(add(path, "h", 22, KEY_EC, false), TL_HOST_KEY);
    assert_int_equal(add(path, "r", 22, KEY_B, true), TL_HOST_KEY);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(add(path, "h", 22, KEY_EC, true), TL_OK);
    assert_int_equal(verdict_in(path, "h", 22, KEY_EC), KNOWN_HOSTS_MATCH);
}

static void test_add_after_cut_line(void **state)
{
    const char *path = file_of("cut", "g ssh-ed25519 AAAA");

    (void)state;
    assert_int_equal(add(path, "h", 22, KEY_A, false), TL_OK);
    assert_int_equal(verdict_in(path, "h", 22, KEY_A), KNOWN_HOSTS_MATCH);
}

/* Two first contacts at once, by different keys: only one of them may be believed. */
static void test_add_in_parallel(void **state)
{
    const char *const keys[] = {KEY_A, KEY_B};

    (void)state;
    for (int round = 0; round < 20; round++) {
        const char *path = path_of("race");
        int added = 0, code;

        unlink(path);
        for (int i = 0; i < 2; i++)
            if (fork() == 0)
                _exit(add(path, "h", 22, keys[i], false) != TL_OK);
        for (int i = 0; i < 2; i++) {
            assert_true(wait(&code) > 0);
            added += WIFEXITED(code) && WEXITSTATUS(code) == 0;
        }
        assert_int_equal(added, 1);
    }
}

/* The line that would be left out may be the one that matters. */
static void test_more_keys_than_fit(void **state)
{
    struct buf text = BUF_INIT(1 << 20);
    struct known_hosts *hosts = NULL;
    struct tl_error err = {0};

    (void)state;
    buf_append_string(&text, "h" A);
    for (int i = 0; i < 1024; i++)
        buf_append_string(&text, "@revoked h" B);
    assert_int_equal(
        known_hosts_load(ONE(file_of("many", buf_text(&text))), "h", 22, &hosts, &err),
        TL_HOST_KEY);
    assert_non_null(strstr(err.message, "1024"));
    assert_int_equal(known_hosts_load(ONE(path_of("many")), "other", 22, &hosts, NULL), TL_OK);
    known_hosts_free(hosts);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_huge_line_hides_nothing),
        cmocka_unit_test(test_several_files),
        cmocka_unit_test(test_unreadable_fails_closed),
        cmocka_unit_test(test_other_key_and_types),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_add_never_replaces),
        cmocka_unit_test(test_add_after_cut_line),
        cmocka_unit_test(test_add_in_parallel),
        cmocka_unit_test(test_more_keys_than_fit),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
