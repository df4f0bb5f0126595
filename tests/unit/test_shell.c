/* Quoting for remote shells: what each shell of this machine makes of a quoted value. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "shell.h"

static const char *const hostile[] = {
    "plain",
    "",
    "it's",
    "''",
    "a'; touch broken; '",
    "$(id)",
    "`id`",
    "$HOME ${HOME} $HOME[1] $?",
    "a\\",
    "\\'",
    "\\\\'\\",
    "!!",
    "a!b!'c",
    "line\nend",
    "line\\\nend",
    "tab\there",
    "\"; id; \"",
    "-oProxyCommand=id",
    "{a,b} * ? [a-z] ~ ~root",
    "%PATH% %s %n",
    "a & b | c > d < e ; f",
    "# no comment",
    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x98",
    "\x01\x1b[31m\x7f",
    "2026-11-21T12:00:00Z",
};

static char *quoted(enum shell shell, const char *value)
{
    struct buf out = BUF_INIT(4096);
    struct tl_error err = {0};
    assert_int_equal(shell_quote(shell, value, strlen(value), &out, &err), TL_OK);
    return buf_take(&out);
}

/* What printf prints when a shell runs it with the quoted value as its argument. */
static void echo(const char *program, const char *name, const char *word, char *out,
                 size_t size)
{
    char command[8192];
    int ends[2];
    size_t used = 0;
    ssize_t got;
    pid_t child;

    snprintf(command, sizeof(command), "printf %%s %s", word);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execlp(program, name, "-c", command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while ((got = read(ends[0], out + used, size - 1 - used)) > 0)
        used += (size_t)got;
    out[used] = '\0';
    close(ends[0]);
    waitpid(child, NULL, 0);
}

static void each_shell_reads_back_the_value(void **state)
{
    static const struct {
        const char *program, *name;
        enum shell shell;
    } shells[] = {{"sh", "sh", SHELL_POSIX},     {"bash", "bash", SHELL_POSIX},
                  {"dash", "dash", SHELL_POSIX}, {"zsh", "zsh", SHELL_POSIX},
                  {"mksh", "mksh", SHELL_POSIX}, {"busybox", "ash", SHELL_POSIX},
                  {"fish", "fish", SHELL_FISH},  {"tcsh", "tcsh", SHELL_CSH}};
    char printed[8192];

    (void)state;
    for (size_t s = 0; s < sizeof(shells) / sizeof(shells[0]); s++)
        for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
            char *word = quoted(shells[s].shell, hostile[i]);
            echo(shells[s].program, shells[s].name, word, printed, sizeof(printed));
            if (strcmp(printed, hostile[i]) != 0)
                fail_msg("%s made \"%s\" of \"%s\"", shells[s].program, printed, hostile[i]);
            free(word);
        }
}

static void random_bytes_survive_posix_shells(void **state)
{
    char value[65], printed[8192];

    (void)state;
    srand(7);
    for (int round = 0; round < 200; round++) {
        size_t size = (size_t)rand() % 64;
        for (size_t i = 0; i < size; i++)
            value[i] = (char)(1 + rand() % 126);
        value[size] = '\0';
        char *word = quoted(SHELL_POSIX, value);
        echo("dash", "dash", word, printed, sizeof(printed));
        assert_string_equal(printed, value);
        free(word);
    }
}

static void powershell_doubles_every_kind_of_quote(void **state)
{
    char *word = quoted(SHELL_POWERSHELL, "it's $x `n \xe2\x80\x99 end");
    (void)state;
    assert_string_equal(word, "'it''s $x `n \xe2\x80\x99\xe2\x80\x99 end'");
    free(word);
}

static bool is_single_quote(const char *text)
{
    return *text == '\'' || (memcmp(text, "\xe2\x80", 2) == 0 &&
                             (unsigned char)text[2] >= 0x98 && (unsigned char)text[2] <= 0x9b);
}

/* PowerShell's tokenizer (ScanStringLiteral): any of its single quotes ends the string unless
 * another one follows, which then stands for itself. Returns where the string ends. */
static const char *read_powershell(const char *word, char *out)
{
    const char *at = word + 1;

    while (*at != '\0') {
        size_t size = (unsigned char)*at == 0xe2 ? 3 : 1;
        if (is_single_quote(at)) {
            if (!is_single_quote(at + size))
                break;
            at += size;
            size = (unsigned char)*at == 0xe2 ? 3 : 1;
        }
        memcpy(out, at, size);
        out += size;
        at += size;
    }
    *out = '\0';
    return at + 1;
}

static void powershell_reads_back_the_value(void **state)
{
    static const char *const more[] = {"\xe2\x80\x98",
                                       "\xe2\x80\x99'\xe2\x80\x9a; x \xe2\x80\x9b",
                                       "'\xe2\x80\x99'", "\"x\" `$(id)"};
    char read[256];

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]) + 4; i++) {
        const char *value = i < 4 ? more[i] : hostile[i - 4];
        char *word = quoted(SHELL_POWERSHELL, value);
        const char *end = read_powershell(word, read);
        assert_string_equal(read, value);
        assert_string_equal(end, "");
        free(word);
    }
}

/* How programs take their command line apart, as CommandLineToArgvW documents it: 2n
 * backslashes and a quote are n backslashes and the end of the quoting; 2n+1 are n and a quote.
 */
static const char *read_argument(const char *at, char *out)
{
    bool inside = false;

    while (*at != '\0' && (inside || (*at != ' ' && *at != '\t'))) {
        size_t slashes = strspn(at, "\\");
        at += slashes;
        if (*at == '"') {
            for (size_t i = 0; i < slashes / 2; i++)
                *out++ = '\\';
            if (slashes % 2 == 1)
                *out++ = '"';
            else
                inside = !inside;
            at++;
            continue;
        }
        for (size_t i = 0; i < slashes; i++)
            *out++ = '\\';
        if (slashes == 0)
            *out++ = *at++;
    }
    *out = '\0';
    return at;
}

/* What cmd.exe itself reads something into: nothing but percent signs and exclamation marks
 * between quotes, a line end anywhere. */
static void cmd_and_its_programs_read_back_the_value(void **state)
{
    static const char *const sayable[] = {
        "plain",       "",
        "C:\\dir\\",   "\\\\server\\share",
        "a\\",         "\\",
        "a b\\\\",     "it's",
        "a & b | c",   "<in >out",
        "^caret^ (x)", "a\tb",
        "a;b,c=d",     "$HOME",
        "@{cursor}",   "\xc3\xa9\xe2\x82\xac",
        "-x /y",       "2026-11-21T12:00:00Z",
    };
    char read[256];

    (void)state;
    for (size_t i = 0; i < sizeof(sayable) / sizeof(sayable[0]); i++) {
        char *word = quoted(SHELL_CMD, sayable[i]);
        size_t quotes = 0;
        for (const char *c = word; *c != '\0'; c++)
            quotes += *c == '"';
        assert_int_equal(quotes, 2); /* so that cmd.exe takes all of it for quoted */
        assert_string_equal(read_argument(word, read), "");
        assert_string_equal(read, sayable[i]);
        free(word);
    }
}

static void what_cannot_be_said_is_refused(void **state)
{
    static const char *const unsayable[] = {
        "a\"b",    "%PATH%", "!x!",  "a\nb",          "a\rb",          "\x1a",
        "\x1b[0m", "\x7f",   "\x01", "\xef\xbc\x82x", "\xe2\x80\x9dx", "x\xca\xba"};
    struct buf out = BUF_INIT(4096);
    struct tl_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(unsayable) / sizeof(unsayable[0]); i++)
        assert_int_equal(shell_quote(SHELL_CMD, unsayable[i], strlen(unsayable[i]), &out, &err),
                         TL_CONFIGURATION);
    for (int shell = SHELL_POSIX; shell <= SHELL_CMD; shell++)
        assert_int_equal(shell_quote((enum shell)shell, "a\0b", 3, &out, &err),
                         TL_CONFIGURATION);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_shell_reads_back_the_value),
        cmocka_unit_test(random_bytes_survive_posix_shells),
        cmocka_unit_test(powershell_doubles_every_kind_of_quote),
        cmocka_unit_test(powershell_reads_back_the_value),
        cmocka_unit_test(cmd_and_its_programs_read_back_the_value),
        cmocka_unit_test(what_cannot_be_said_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
