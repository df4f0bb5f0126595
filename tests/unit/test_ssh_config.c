/* The answer of `ssh -G`: what is taken from it, and what its paths mean. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ssh_config.h"

static struct ssh_config_host found;

static void parse(const char *text)
{
    ssh_config_free(&found);
    ssh_config_parse(strdup(text), &found);
}

/* As OpenSSH 9.2 printed it. */
static void everything(void **state)
{
    (void)state;
    parse("host web\nuser deploy\nhostname 10.0.0.5\nport 2222\nhostbasedauthentication no\n"
          "identitiesonly yes\nproxyusefdpass no\nhostkeyalias webkey\n"
          "identityagent /srv/agent.sock\nidentityfile ~/.ssh/web_%h\n"
          "identityfile ~/.ssh/two words\ncertificatefile ~/.ssh/web-cert.pub\n"
          "globalknownhostsfile /etc/kh1 /etc/kh2\n"
          "userknownhostsfile /srv/.ssh/kh1 /srv/.ssh/kh2\n"
          "proxyjump bob@bastion:2200,inner\n");
    assert_string_equal(found.host_name, "10.0.0.5");
    assert_string_equal(found.user, "deploy");
    assert_int_equal(found.port, 2222);
    assert_string_equal(found.identities[0], "~/.ssh/web_%h");
    assert_string_equal(found.identities[1], "~/.ssh/two words");
    assert_null(found.identities[2]);
    assert_string_equal(found.certificate, "~/.ssh/web-cert.pub");
    assert_string_equal(found.agent, "/srv/agent.sock");
    assert_string_equal(found.host_key_alias, "webkey");
    assert_true(found.identities_only);
    assert_string_equal(found.global_known_hosts[0], "/etc/kh1");
    assert_string_equal(found.global_known_hosts[1], "/etc/kh2");
    assert_null(found.global_known_hosts[2]);
    assert_string_equal(found.known_hosts[0], "/srv/.ssh/kh1");
    assert_string_equal(found.known_hosts[1], "/srv/.ssh/kh2");
    assert_null(found.known_hosts[2]);
    assert_string_equal(found.proxy_jump, "bob@bastion:2200,inner");
    assert_null(found.proxy_command);
    assert_false(ssh_config_identities_are_default(&found));
}

static void nothing(void **state)
{
    (void)state;
    parse("Pseudo-terminal will not be allocated because stdin is not a terminal.\nuser root\n"
          "hostname web\nport 22\nidentityagent none\nproxyjump none\nidentityfile "
          "~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ecdsa\nidentityfile ~/.ssh/id_ed25519\n"
          "connecttimeout none\nnovalue\n\n");
    assert_string_equal(found.host_name, "web");
    assert_string_equal(found.agent, "none");
    assert_false(found.identities_only);
    assert_null(found.proxy_jump);
    assert_true(ssh_config_identities_are_default(&found));
    parse("identityfile ~/.ssh/id_ed25519\n");
    assert_false(ssh_config_identities_are_default(&found));
    parse("identityfile none\n");
    assert_null(found.identities[0]);
    assert_true(ssh_config_identities_are_default(&found));
}

static void many_identities(void **state)
{
    char text[4096] = "";

    (void)state;
    for (int i = 0; i < 40; i++)
        strcat(text, "identityfile /k\n");
    parse(text);
    assert_string_equal(found.identities[SSH_CONFIG_IDENTITIES_MAX - 1], "/k");
    assert_null(found.identities[SSH_CONFIG_IDENTITIES_MAX]);
}

static void expect_path(const char *path, const char *expected)
{
    char *expanded = ssh_config_expand(&found, "web", path);

    if (expected == NULL)
        assert_null(expanded);
    else
        assert_string_equal(expanded, expected);
    free(expanded);
}

static void paths(void **state)
{
    char path[40];

    (void)state;
    parse("user deploy\nhostname 10.0.0.5\nport 2222\n");
    found.home = strdup("/srv/me");
    expect_path("~/.ssh/id", "/srv/me/.ssh/id");
    expect_path("/k/%h-%n-%p-%r-%%", "/k/10.0.0.5-web-2222-deploy-%");
    expect_path("%d/id", "/srv/me/id");
    expect_path("/k/%C", NULL);
    expect_path("/k/%", NULL);
    expect_path("~other/id", "~other/id");
    expect_path("/k/%k", "/k/web");
    found.host_key_alias = "alias";
    expect_path("/k/%k", "/k/alias");
    snprintf(path, sizeof(path), "/k/%u", (unsigned)getuid());
    expect_path("/k/%i", path);
    setenv("TOWLINE_TEST", "value", 1);
    expect_path("${TOWLINE_TEST}/$x{y}", "value/$x{y}");
    expect_path("${TOWLINE_TEST", NULL);
    expect_path("/${TOWLINE_NONE}", NULL);
}

static void expect_jump(const char *command, const char *expected)
{
    const char *jump = ssh_config_jump_of(command);

    if (expected == NULL)
        assert_null(jump);
    else
        assert_memory_equal(jump, expected, strlen(expected));
}

static void old_form_of_proxy_jump(void **state)
{
    (void)state;
    expect_jump("ssh -W %h:%p bastion", "bastion");
    expect_jump("ssh bastion -W %h:%p", "bastion");
    expect_jump("exec ssh -q -W %h:%p me@bastion", "me@bastion");
    expect_jump("ssh -W %h:%p", NULL);
    expect_jump("ssh bastion nc %h %p", NULL);
    expect_jump("ssh -W %h:%p -i key bastion", NULL);
    expect_jump("ssh -W %h:%px bastion", NULL);
    expect_jump("nc -X connect -x proxy:3128 %h %p", NULL);
    expect_jump("ssh", NULL);
    expect_jump("", NULL);
}

static int leave(void **state)
{
    (void)state;
    ssh_config_free(&found);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(nothing),
        cmocka_unit_test(many_identities),
        cmocka_unit_test(paths),
        cmocka_unit_test(old_form_of_proxy_jump),
    };
    return cmocka_run_group_tests(tests, NULL, leave);
}
