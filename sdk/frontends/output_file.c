/* A file that a command was asked to put its result into. */
#include "frontends/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontends/output.h"

static enum tl_status fail_write(enum tl_status status, const struct output_file *file,
                                 struct tl_error *err)
{
    (void)tl_fail(err, status, "cannot write the %s to %s: %s", file->what, file->path,
                  strerror(errno));
    return tl_remedy(err, "Name in %s a file in a folder that can be written", file->option);
}

/* Makes a file beside the path, under a name that it leaves in *name; -1 with errno. */
static int make_beside(const char *path, struct buf *name)
{
    buf_printf(name, "%s.XXXXXX", path);
    if (name->failed) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(name->data, O_CLOEXEC);
}

/* A path that is no regular file is written to as it is. */
static bool is_special(const char *path, struct stat *info)
{
    return stat(path, info) == 0 && !S_ISREG(info->st_mode);
}

enum tl_status output_file_check(const struct output_file *file, struct tl_error *err)
{
    struct buf temporary = BUF_INIT(8192);
    enum tl_status status = TL_OK;
    struct stat info;
    int fd = -1;

    if (is_special(file->path, &info)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : 0;
        if (errno != 0 || access(file->path, W_OK) != 0)
            status = fail_write(TL_USAGE, file, err);
        return status;
    }
    fd = make_beside(file->path, &temporary);
    if (fd < 0) {
        status = fail_write(TL_USAGE, file, err);
    } else {
        (void)unlink(temporary.data);
        (void)close(fd);
    }
    buf_free(&temporary);
    return status;
}

/* Beside the old one and then into its place, so that nobody reads half of it. */
static enum tl_status replace(const struct output_file *file, const struct buf *text,
                              struct tl_error *err)
{
    struct buf temporary = BUF_INIT(8192);
    int fd = make_beside(file->path, &temporary);
    bool made = fd >= 0 && output_write(fd, buf_text(text), text->size) && fsync(fd) == 0 &&
                rename(temporary.data, file->path) == 0;

    if (!made) {
        (void)fail_write(TL_DESTINATION, file, err);
        if (fd >= 0)
            (void)unlink(temporary.data);
    }
    if (fd >= 0)
        (void)close(fd);
    buf_free(&temporary);
    return made ? TL_OK : TL_DESTINATION;
}

static enum tl_status write_to(const struct output_file *file, const struct buf *text,
                               struct tl_error *err)
{
    int fd = open(file->path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && output_write(fd, buf_text(text), text->size);
    enum tl_status status = written ? TL_OK : fail_write(TL_DESTINATION, file, err);

    if (fd >= 0)
        (void)close(fd);
    return status;
}

enum tl_status output_file_write(const struct output_file *file, const struct buf *text,
                                 struct tl_error *err)
{
    struct stat info;

    if (buf_check(text, file->what, err) != TL_OK)
        return err->status;
    return is_special(file->path, &info) ? write_to(file, text, err) : replace(file, text, err);
}
