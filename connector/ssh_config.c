/* What the OpenSSH client's configuration says of a host. */
#include "ssh_config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "ssh/local_user.h"
#include "towline/log.h"

enum { ANSWER_MAX_BYTES = 256 * 1024, ANSWER_TIMEOUT_MS = 10000, ARGUMENTS_MAX = 16 };

/* Reading the answer. */

static const char *const default_identities[] = {
    "~/.ssh/id_rsa",        "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk", "~/.ssh/id_ed25519",
    "~/.ssh/id_ed25519_sk", "~/.ssh/id_xmss",  "~/.ssh/id_dsa",
};

static void take_identity(struct ssh_config_host *out, const char *path)
{
    size_t n = 0;

    while (out->identities[n] != NULL)
        n++;
    if (n < SSH_CONFIG_IDENTITIES_MAX)
        out->identities[n] = path;
}

static void take_known_hosts(const char **out, char *paths)
{
    char *rest = NULL;
    size_t n = 0;

    for (char *path = strtok_r(paths, " ", &rest);
         path != NULL && n < SSH_CONFIG_KNOWN_HOSTS_MAX; path = strtok_r(NULL, " ", &rest))
        out[n++] = path;
}

static void take_line(struct ssh_config_host *out, const char *key, char *value)
{
    const struct {
        const char *key;
        const char **place;
    } texts[] = {
        {"hostname", &out->host_name},          {"user", &out->user},
        {"certificatefile", &out->certificate}, {"identityagent", &out->agent},
        {"hostkeyalias", &out->host_key_alias}, {"proxyjump", &out->proxy_jump},
        {"proxycommand", &out->proxy_command},
    };

    if (strcmp(key, "port") == 0)
        out->port = (uint16_t)strtoul(value, NULL, 10);
    if (strcmp(key, "identitiesonly") == 0)
        out->identities_only = strcmp(value, "yes") == 0;
    if (strcmp(value, "none") == 0 && strcmp(key, "identityagent") != 0)
        return;
    if (strcmp(key, "identityfile") == 0)
        take_identity(out, value);
    if (strcmp(key, "userknownhostsfile") == 0 && out->known_hosts[0] == NULL)
        take_known_hosts(out->known_hosts, value);
    if (strcmp(key, "globalknownhostsfile") == 0 && out->global_known_hosts[0] == NULL)
        take_known_hosts(out->global_known_hosts, value);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(key, texts[i].key) == 0 && *texts[i].place == NULL)
            *texts[i].place = value;
}

void ssh_config_parse(char *text, struct ssh_config_host *out)
{
    char *rest = NULL;

    out->text = text;
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        char *value = strchr(line, ' ');
        if (value == NULL)
            continue;
        *value++ = '\0';
        take_line(out, line, value);
    }
}

bool ssh_config_identities_are_default(const struct ssh_config_host *found)
{
    for (size_t i = 0; found->identities[i] != NULL; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof(default_identities) / sizeof(char *); k++)
            known |= strcmp(found->identities[i], default_identities[k]) == 0;
        if (!known)
            return false;
    }
    /* one of them alone was chosen by somebody */
    return found->identities[0] == NULL || found->identities[1] != NULL;
}

/* The machine's name, as a whole or up to the first dot. */
static void append_machine(struct buf *out, bool whole)
{
    char name[HOST_NAME_MAX + 1] = "";

    (void)gethostname(name, sizeof(name) - 1);
    buf_append(out, name, strcspn(name, whole ? "" : "."));
}

static bool append_token(struct buf *out, const struct ssh_config_host *found, const char *host,
                         char token)
{
    char name[LOCAL_USER_NAME_SIZE];

    switch (token) {
    case '%':
        buf_append_char(out, '%');
        return true;
    case 'd':
        buf_append_string(out, found->home);
        return true;
    case 'h':
        buf_append_string(out, found->host_name);
        return true;
    case 'i':
        buf_printf(out, "%u", (unsigned)getuid());
        return true;
    case 'k':
        buf_append_string(out, found->host_key_alias != NULL ? found->host_key_alias : host);
        return true;
    case 'l':
    case 'L':
        append_machine(out, token == 'l');
        return true;
    case 'n':
        buf_append_string(out, host);
        return true;
    case 'p':
        buf_printf(out, "%u", found->port);
        return true;
    case 'r':
        buf_append_string(out, found->user);
        return true;
    case 'u':
        buf_append_string(out, local_user_name(name));
        return true;
    default:
        return false;
    }
}

/* The value of the variable in "${NAME}"; *path is moved to the brace that ends it. */
static bool append_variable(struct buf *out, const char **path)
{
    size_t size = strcspn(*path + 2, "}");
    char *name = text_copy(*path + 2, size);
    const char *value = name != NULL && (*path)[2 + size] == '}' ? getenv(name) : NULL;

    free(name);
    if (value == NULL)
        return false;
    buf_append_string(out, value);
    *path += 2 + size;
    return true;
}

char *ssh_config_expand(const struct ssh_config_host *found, const char *host, const char *path)
{
    struct buf out = BUF_INIT(4096);
    char *expanded = NULL;
    bool good = true;

    if (strncmp(path, "~/", 2) == 0) {
        buf_append_string(&out, found->home);
        path++;
    }
    for (; good && *path != '\0'; path++) {
        if (*path == '%')
            good = append_token(&out, found, host, *++path);
        else if (strncmp(path, "${", 2) == 0)
            good = append_variable(&out, &path);
        else
            buf_append_char(&out, *path);
    }
    if (good)
        expanded = buf_take(&out);
    buf_free(&out);
    return expanded;
}

const char *ssh_config_jump_of(const char *command)
{
    const char *host = NULL;
    bool forwards = false;

    if (strncmp(command, "exec ", 5) == 0)
        command += 5;
    if (strncmp(command, "ssh ", 4) != 0)
        return NULL;
    for (command += 3; *command == ' ';) {
        size_t size;
        command += strspn(command, " ");
        size = strcspn(command, " ");
        if (strncmp(command, "-W %h:%p", 8) == 0 && (command[8] == ' ' || command[8] == '\0'))
            size = 8, forwards = true;
        else if (size == 2 && strncmp(command, "-q", 2) == 0)
            ;
        else if (size > 0 && *command != '-' && host == NULL)
            host = command;
        else if (size > 0)
            return NULL;
        command += size;
    }
    return forwards ? host : NULL;
}

void ssh_config_free(struct ssh_config_host *found)
{
    free(found->text);
    free(found->home);
    *found = (struct ssh_config_host){0};
}

/* Asking. */

/* The client reads ~/.ssh/config of the account, whatever HOME says; we follow HOME, as for
 * known_hosts, where there is such a file. NULL: the account's. */
static char *config_of_home(void)
{
    char *path = local_user_path("~/.ssh/config");
    char *home = local_user_home(false), *account = local_user_home(true);
    bool own = path != NULL && home != NULL && account != NULL && strcmp(home, account) != 0 &&
               access(path, R_OK) == 0;

    free(home);
    free(account);
    if (own)
        return path;
    free(path);
    return NULL;
}

static pid_t start(char *const arguments[], int answer_fd)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return -1;
    error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, answer_fd, 1);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, answer_fd, 2);
    if (error == 0)
        error = posix_spawnp(&pid, "ssh", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0 ? pid : -1;
}

/* Reads to the end: TL_OK, TL_INTERRUPTED, or TL_CONFIGURATION when it takes too long or is too
 * much. */
static enum tl_status read_answer(int fd, int stop_fd, struct buf *answer)
{
    int64_t deadline_ms = clock_now_ms() + ANSWER_TIMEOUT_MS;

    for (;;) {
        struct pollfd fds[2] = {{.fd = stop_fd, .events = POLLIN},
                                {.fd = fd, .events = POLLIN}};
        int ready = poll(fds, 2, clock_remaining_ms(deadline_ms));
        char *space = buf_reserve(answer, 4096);
        ssize_t got;

        if (ready > 0 && fds[0].revents != 0)
            return TL_INTERRUPTED;
        if (ready == 0 || (ready < 0 && errno != EINTR) || space == NULL)
            return TL_CONFIGURATION;
        if (ready < 0)
            continue;
        got = read(fd, space, 4096);
        if (got <= 0)
            return TL_OK;
        buf_commit(answer, (size_t)got);
    }
}

static enum tl_status complain(const char *host, int wait_status, const struct buf *answer,
                               struct tl_error *err)
{
    char safe[300];
    const char *text = buf_text(answer);

    if (!WIFEXITED(wait_status))
        return tl_fail(err, TL_CONFIGURATION, "ssh -G %s did not answer in time", host);
    tl_fail(err, TL_CONFIGURATION,
            "the OpenSSH client does not understand its configuration: %s",
            text_safe(safe, sizeof(safe), text, strcspn(text, "\r\n")));
    return tl_remedy(err, "See what `ssh -G %s` says; \"ssh_config\": \"off\" does without it",
                     host);
}

static enum tl_status run(char *const arguments[], const char *host, int stop_fd,
                          struct buf *answer, bool *installed, struct tl_error *err)
{
    int fds[2], wait_status = 0;
    enum tl_status status;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return tl_fail(err, TL_INTERNAL, "asking the OpenSSH client: %s", strerror(errno));
    pid = start(arguments, fds[1]);
    close(fds[1]);
    *installed = pid > 0;
    if (pid <= 0) {
        close(fds[0]);
        tl_log(TL_LOG_DEBUG, "the OpenSSH client's configuration is not asked: %s",
               strerror(errno));
        return TL_OK;
    }
    status = read_answer(fds[0], stop_fd, answer);
    close(fds[0]);
    if (status != TL_OK)
        kill(pid, SIGKILL);
    while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
        continue;
    if (status == TL_INTERRUPTED)
        return tl_fail(err, status, "stopped while asking the OpenSSH client");
    if (wait_status != 0)
        return complain(host, wait_status, answer, err);
    return TL_OK;
}

enum tl_status ssh_config_ask(const char *host, const char *user, uint16_t port, int stop_fd,
                              struct ssh_config_host *out, struct tl_error *err)
{
    struct buf answer = BUF_INIT(ANSWER_MAX_BYTES);
    char *file = config_of_home(), port_text[8];
    char *arguments[ARGUMENTS_MAX] = {"ssh", "-T", "-G"};
    size_t n = 3;
    bool installed = false;
    enum tl_status status;

    *out = (struct ssh_config_host){0};
    if (file != NULL)
        arguments[n++] = "-F", arguments[n++] = file;
    if (port != 0) {
        snprintf(port_text, sizeof(port_text), "%u", port);
        arguments[n++] = "-p", arguments[n++] = port_text;
    }
    if (user != NULL)
        arguments[n++] = "-l", arguments[n++] = (char *)user;
    arguments[n++] = "--";
    arguments[n++] = (char *)host;
    status = run(arguments, host, stop_fd, &answer, &installed, err);
    if (status == TL_OK && installed) {
        char *text = buf_take(&answer);
        if (text != NULL)
            ssh_config_parse(text, out);
        /* keys that nobody named are looked for where our own defaults are */
        out->home = local_user_home(file == NULL && !ssh_config_identities_are_default(out));
    }
    buf_free(&answer);
    free(file);
    return status;
}
