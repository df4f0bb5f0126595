/* Scripts for a shell: words, secrets, and the ssh command for a way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "script.h"

static void words_are_quoted_only_where_they_must_be(void **state)
{
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"plain/word.1", " plain/word.1"},
        {"", " ''"},
        {"a b", " 'a b'"},
        {"it's", " 'it'\\''s'"},
        {"$x", " '$x'"},
        {"a\nb", " 'a\nb'"},
        {"towlineSecret", " towlineSecret"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT(1024);
        script_word(&out, cases[i].text);
        assert_string_equal(buf_text(&out), cases[i].word);
        buf_free(&out);
    }
}

static void secrets_are_variables_and_are_demanded_once(void **state)
{
    struct buf text = BUF_INIT(1024), out = BUF_INIT(1024), demands = BUF_INIT(1024);
    struct script_secret secret, own;

    (void)state;
    buf_printf(&text, "a %s b%s", script_secret(&secret, "api.key-1"),
               script_variable(&own, "token"));
    script_word(&out, buf_text(&text));
    assert_string_equal(buf_text(&out), " 'a '\"$API_KEY_1\"' b'\"$TOKEN\"");
    script_demand_secrets(&demands, buf_text(&text));
    script_demand_secrets(&demands, buf_text(&text));
    assert_string_equal(buf_text(&demands), ": \"${API_KEY_1:?}\"\n");
    buf_free(&text);
    buf_free(&out);
    buf_free(&demands);
}

static void a_name_without_end_is_cut(void **state)
{
    struct buf out = BUF_INIT(1024);
    struct script_secret secret;
    char name[400];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    script_word(&out, script_secret(&secret, name));
    assert_memory_equal(buf_text(&out), " \"$XXXX", 7);
    assert_int_equal(buf_text(&out)[out.size - 1], '"');
    buf_free(&out);
}

/* ssh reads % in what it is given, and once more in the command of a jump host. */
static void what_ssh_reads_more_into_comes_through(void **state)
{
    struct ssh_options jump, host;
    struct buf out = BUF_INIT(4096);

    (void)state;
    ssh_options_init(&jump);
    ssh_options_init(&host);
    jump.host = "bastion";
    jump.private_key_path = "/k%1";
    host.host = "inner";
    host.private_key_path = "/k%2";
    host.jump = &jump;
    script_ssh_options(&out, &host, false);
    assert_non_null(strstr(buf_text(&out), " -i /k%%2"));
    assert_non_null(strstr(buf_text(&out), " -i /k%%%%1"));
    assert_non_null(strstr(buf_text(&out), "[%h]:%p"));
    buf_reset(&out);
    host.host = "-oProxyCommand=id";
    script_ssh_target(&out, &host);
    assert_string_equal(buf_text(&out), " -- -oProxyCommand=id");
    buf_reset(&out);
    jump.private_key_path = NULL;
    script_ssh_options(&out, &host, true);
    assert_non_null(strstr(buf_text(&out), " -F none"));
    assert_non_null(strstr(buf_text(&out), " -J bastion"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_quoted_only_where_they_must_be),
        cmocka_unit_test(secrets_are_variables_and_are_demanded_once),
        cmocka_unit_test(a_name_without_end_is_cut),
        cmocka_unit_test(what_ssh_reads_more_into_comes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
