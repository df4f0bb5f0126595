/* Reading a file or pipe that a user names. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/config.h"

enum { READ_BYTES = 64 * 1024 };

/* /proc/self belongs to root in a process that may not be dumped, so the paths that lead
 * through it are opened by number. -1 with errno, as open. */
static int open_path(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

    if (strcmp(path, "/dev/stdin") == 0)
        return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        size_t length = strlen(folders[i]);
        char *end = NULL;
        long number =
            strncmp(path, folders[i], length) == 0 ? strtol(path + length, &end, 10) : 0;
        if (end != NULL && end > path + length && *end == '\0' && number >= 0 &&
            number < 1 << 20)
            return fcntl((int)number, F_DUPFD_CLOEXEC, 3);
    }
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* ~/ stands for the home, as in a shell. */
static int open_expanded(const char *path)
{
    const char *home = getenv("HOME");
    struct buf expanded = BUF_INIT(8192);
    int fd = -1;

    if (strncmp(path, "~/", 2) != 0 || home == NULL)
        return open_path(path);
    buf_printf(&expanded, "%s%s", home, path + 1);
    if (expanded.failed)
        errno = ENAMETOOLONG;
    else
        fd = open_path(buf_text(&expanded));
    buf_free(&expanded);
    return fd;
}

/* To the end of the file, or until it does not fit. In steps that let a small file stay where
 * it was read, so that no copy of a secret is left behind. -1 with errno. */
static int read_all(int fd, struct buf *out)
{
    for (;;) {
        size_t room = out->max_size - out->size, step = READ_BYTES - out->size % READ_BYTES;
        char *at = room > 0 ? buf_reserve(out, step < room ? step : room) : NULL;
        ssize_t got;
        if (at == NULL) {
            errno = EFBIG;
            return -1;
        }
        got = read(fd, at, step < room ? step : room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        buf_commit(out, (size_t)got);
    }
}

/* What another owner lets our group read, as systemd and Kubernetes do, is meant for us. */
static bool is_open_to_others(int fd)
{
    struct stat found;
    return fd >= 0 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode) &&
           (found.st_mode & (found.st_uid == geteuid() ? 077 : 007)) != 0;
}

enum tl_status config_read_file(const char *path, struct buf *out, bool *open_to_others,
                                struct tl_error *err)
{
    size_t before = out->size;
    int fd = open_expanded(path);
    int failed = fd < 0 || read_all(fd, out) < 0 ? errno : 0;

    if (open_to_others != NULL)
        *open_to_others = is_open_to_others(fd);
    if (fd >= 0)
        (void)close(fd);
    if (failed != 0) {
        (void)tl_fail(err, TL_CONFIGURATION, "cannot read %s: %s", path,
                      failed == EFBIG ? "it is too large" : strerror(failed));
        return tl_remedy(err, failed == ENOENT   ? "Check the path"
                              : failed == EACCES ? "Let the user who runs this read it"
                                                 : "");
    }
    if (out->size > before && memchr(out->data + before, '\0', out->size - before) != NULL)
        return tl_fail(err, TL_CONFIGURATION, "cannot read %s: it holds a NUL byte", path);
    return TL_OK;
}

enum tl_status config_read_argument(const char *path, struct buf *out, struct tl_error *err)
{
    enum tl_status status =
        config_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path, out, NULL, err);

    if (status == TL_OK && out->size >= 3 && memcmp(out->data, "\xef\xbb\xbf", 3) == 0)
        buf_consume(out, 3);
    return status;
}
