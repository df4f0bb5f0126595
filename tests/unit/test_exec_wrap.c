/* The marks as the shells of this machine print them, and what is said of a login shell. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "sources/exec_marker.h"
#include "sources/exec_wrap.h"
#include "ssh/login_shell.h"

static const char nonce[] = "00112233445566778899aabbccddeeff";

static const struct {
    const char *path, *name;
    enum ssh_login_shell kind;
} shells[] = {
    {"/bin/sh", "sh", SSH_SHELL_POSIX},        {"/bin/bash", "bash", SSH_SHELL_POSIX},
    {"/bin/dash", "dash", SSH_SHELL_POSIX},    {"/usr/bin/zsh", "zsh", SSH_SHELL_POSIX},
    {"/bin/mksh", "mksh", SSH_SHELL_POSIX},    {"/bin/busybox", "ash", SSH_SHELL_POSIX},
    {"/bin/csh", "csh", SSH_SHELL_CSH},        {"/usr/bin/tcsh", "tcsh", SSH_SHELL_CSH},
    {"/usr/bin/fish", "fish", SSH_SHELL_FISH},
};
enum { SHELLS = sizeof(shells) / sizeof(shells[0]) };

/* Runs the line as sshd does, stderr dropped, and returns all of stdout. */
static void run_line(size_t shell, const char *line, struct buf *out)
{
    int fds[2];
    ssize_t got = 1;
    pid_t child;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        dup2(fds[1], 1);
        close(fds[0]);
        close(fds[1]);
        if (freopen("/dev/null", "w", stderr) != NULL)
            execl(shells[shell].path, shells[shell].name, "-c", line, (char *)NULL);
        _exit(125);
    }
    close(fds[1]);
    while (got > 0) {
        char *room = buf_reserve(out, 4096);
        assert_non_null(room);
        got = read(fds[0], room, 4096);
        if (got > 0)
            buf_commit(out, (size_t)got);
    }
    close(fds[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* The place reached, with the output and the status that the marks tell, of a line for a login
 * shell of that kind. */
static int run_as(size_t shell, enum ssh_login_shell kind, const char *command,
                  struct buf *output, int *status)
{
    struct buf line = BUF_INIT(1 << 16), all = BUF_INIT(1 << 16);
    struct exec_marker marker;
    struct tl_error err = {0};
    const char *data, *piece;
    size_t size, piece_size;
    int place;

    assert_int_equal(exec_wrap(&line, kind, command, nonce, &err), TL_OK);
    run_line(shell, buf_text(&line), &all);
    exec_marker_init(&marker, nonce, 'b');
    data = buf_text(&all);
    size = all.size;
    while (exec_marker_next(&marker, &data, &size, &piece, &piece_size))
        buf_append(output, piece, piece_size);
    place = (int)marker.place;
    *status = marker.status;
    exec_marker_free(&marker);
    buf_free(&line);
    buf_free(&all);
    return place;
}

static int run_command(size_t shell, const char *command, struct buf *output, int *status)
{
    return run_as(shell, shells[shell].kind, command, output, status);
}

static void check(size_t shell, const char *command, const char *wanted, int wanted_status)
{
    struct buf output = BUF_INIT(1 << 16);
    int status = -1, place = run_command(shell, command, &output, &status);

    if (place != EXEC_AFTER || status != wanted_status ||
        (wanted != NULL && strcmp(buf_text(&output), wanted) != 0))
        fail_msg("%s, %s: place %d, status %d, output \"%s\"", shells[shell].path, command,
                 place, status, buf_text(&output));
    buf_free(&output);
}

static void test_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHELLS; i++) {
        if (access(shells[i].path, X_OK) != 0)
            continue;
        check(i, "echo '[1]'", "[1]\n", 0);
        check(i, "printf x", "x", 0);
        check(i, "true", "", 0);
        check(i, "echo a; exit 3", "a\n", 3);
        check(i, "sh -c 'exit 255'", "", 255);
        check(i, "echo 'a b' \"it's\" '%s' '\"'", NULL, 0);
        check(i, "printf '%s|' 'a b' \"it's\" '%d'", "a b|it's|%d|", 0);
        check(i, "echo one\necho two", "one\ntwo\n", 0);
        check(i, "echo one # comment", "one\n", 0);
        check(i, "echo one; false\n", "one\n", 1);
        check(i, "", "", 0);
        check(i, "echo $HOME >/dev/null && echo ok", "ok\n", 0);
    }
}

/* Failures before and within the command have a status that is not 0, and still an end. */
static void test_failures(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHELLS; i++) {
        struct buf output = BUF_INIT(1 << 16);
        int status = 0;

        if (access(shells[i].path, X_OK) != 0)
            continue;
        assert_int_equal(run_command(i, "echo \"unbalanced", &output, &status), EXEC_AFTER);
        assert_int_not_equal(status, 0);
        assert_int_equal(run_command(i, "towline-no-such-command", &output, &status),
                         EXEC_AFTER);
        assert_int_equal(status, shells[i].kind == SSH_SHELL_CSH ? 1 : 127);
        buf_free(&output);
    }
}

/* What csh drops without a word because it ends in the middle is no success. */
static void test_unfinished(void **state)
{
    const char *commands[] = {"echo a \\", "cat <<END\na", "cat <<'END'\na\nEND\n"};

    (void)state;
    for (size_t i = 0; i < SHELLS; i++)
        for (size_t k = 0; k < sizeof(commands) / sizeof(commands[0]); k++) {
            struct buf output = BUF_INIT(1 << 16);
            int status = 0;
            if (access(shells[i].path, X_OK) != 0 || shells[i].kind != SSH_SHELL_CSH)
                continue;
            assert_int_equal(run_command(i, commands[k], &output, &status), EXEC_AFTER);
            assert_int_not_equal(status, 0);
            buf_free(&output);
        }
}

/* A guess that is wrong runs nothing at all. */
static void test_guess(void **state)
{
    const char *commands[] = {"echo ran > RAN", "echo ran > RAN; true ')'",
                              "'; echo ran > RAN; '", "\\'; echo ran > RAN; echo \\'"};
    char folder[] = "/tmp/towline-guess-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_false(exec_may_guess("echo one\necho two"));
    for (size_t i = 0; i < SHELLS; i++)
        for (size_t k = 0; k < sizeof(commands) / sizeof(commands[0]); k++) {
            struct buf output = BUF_INIT(1 << 16);
            bool posix = shells[i].kind == SSH_SHELL_POSIX;
            int status = -1;
            if (access(shells[i].path, X_OK) != 0)
                continue;
            assert_true(exec_may_guess(commands[k]));
            assert_int_equal(run_as(i, SSH_SHELL_NOT_ASKED, commands[k], &output, &status),
                             posix ? EXEC_AFTER : EXEC_BEFORE);
            if (!posix)
                assert_int_not_equal(access("RAN", F_OK), 0);
            (void)unlink("RAN");
            buf_free(&output);
        }
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* A killed shell prints no end mark; exec loses it only where there are no subshells. */
static void test_lost_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHELLS; i++) {
        const char *kill =
            shells[i].kind == SSH_SHELL_FISH ? "kill -9 $fish_pid" : "kill -9 $$";
        struct buf output = BUF_INIT(1 << 16);
        int status = 0;

        if (access(shells[i].path, X_OK) != 0)
            continue;
        assert_int_equal(run_command(i, kill, &output, &status), EXEC_INSIDE);
        buf_reset(&output);
        assert_int_equal(run_command(i, "exec echo x", &output, &status),
                         shells[i].kind == SSH_SHELL_FISH ? EXEC_INSIDE : EXEC_AFTER);
        assert_string_equal(buf_text(&output), "x\n");
        buf_free(&output);
    }
}

static void test_login_shell(void **state)
{
    static const struct {
        const char *answer;
        enum ssh_login_shell kind;
    } cases[] = {
        {"N /bin/bash N\n", SSH_SHELL_POSIX},
        {"motd\nN /usr/bin/zsh N\nbye", SSH_SHELL_POSIX},
        {"N /usr/bin/fish N\n", SSH_SHELL_FISH},
        {"N fish N\n", SSH_SHELL_FISH},
        {"N /bin/csh N\n", SSH_SHELL_CSH},
        {"N /usr/local/bin/tcsh N\n", SSH_SHELL_CSH},
        {"N /bin/bsd-csh N\n", SSH_SHELL_CSH},
        {"N /opt/notfish N\n", SSH_SHELL_POSIX},
        {"N  N\n", SSH_SHELL_POSIX},
        {"N $SHELL N\n", SSH_SHELL_POSIX},
        {"NN", SSH_SHELL_POSIX},
        {"N /usr/bin/fi", SSH_SHELL_NOT_ASKED},
        {"N", SSH_SHELL_NOT_ASKED},
        {"nothing", SSH_SHELL_NOT_ASKED},
        {"", SSH_SHELL_NOT_ASKED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(ssh_login_shell_parse(cases[i].answer, "N"), cases[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),    cmocka_unit_test(test_failures),
        cmocka_unit_test(test_guess),       cmocka_unit_test(test_lost_end),
        cmocka_unit_test(test_login_shell), cmocka_unit_test(test_unfinished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
