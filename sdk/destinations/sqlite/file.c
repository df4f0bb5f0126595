/* The database as a file.
 *
 * Two locks tell one sync from another, on bytes that no database reaches and SQLite does not
 * use. The claim is a lock of the open file description, for it must survive that SQLite closes
 * other descriptors of the same file. Such locks do not say who holds them, so a second, of the
 * process, is the signature. */
#include "destinations/sqlite/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static const off_t CLAIM_BYTE = INT64_C(1) << 62;
static const off_t SIGNATURE_BYTE = (INT64_C(1) << 62) + 1;

static const char SQLITE_MAGIC[16] = "SQLite format 3";

static enum tl_status refuse(struct tl_error *err, const char *path, const char *reason,
                             const char *remedy)
{
    (void)tl_fail(err, TL_DESTINATION, "%s: %s", path, reason);
    return tl_remedy(err, "%s", remedy);
}

static enum tl_status cannot_open(struct tl_error *err, const char *path, int error)
{
    (void)tl_fail(err, TL_DESTINATION, "%s: cannot open it for writing: %s", path,
                  strerror(error));
    return tl_remedy(err,
                     "Make the file and its folder writable for this user, or name another "
                     "file in the destination's URL");
}

/* A link made by somebody else could lead a sync to any of the user's files. */
static enum tl_status check_link(const char *path, const struct stat *link,
                                 struct tl_error *err)
{
    struct stat target;

    if (link->st_uid != 0 && link->st_uid != geteuid())
        return refuse(err, path, "is a symbolic link that belongs to another user",
                      "Name the file itself in the destination's URL");
    if (stat(path, &target) != 0)
        return refuse(err, path, "is a symbolic link that leads to no file",
                      "Name the file itself in the destination's URL");
    return TL_OK;
}

/* Of a file that is not there yet, the folder must be. */
static enum tl_status find_absent(const char *path, struct file *out, struct tl_error *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *folder = slash ? text_copy(path, (size_t)(slash - path) + 1) : text_copy(".", 1);
    char *real = folder ? realpath(folder, NULL) : NULL;
    enum tl_status status = TL_OK;

    if (real == NULL) {
        int error = folder ? errno : ENOMEM;
        (void)tl_fail(err, TL_DESTINATION, "%s: cannot make it: its folder %s: %s", path,
                      folder ? folder : "?", strerror(error));
        status = tl_remedy(err, "Make the folder first, or name another file in the "
                                "destination's URL");
    } else if (*name == '\0') {
        status = refuse(err, path, "is a folder, not a database",
                        "Name a file in it in the destination's URL");
    } else if (asprintf(&out->path, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name) < 0) {
        out->path = NULL;
        status = tl_fail(err, TL_MEMORY, "out of memory for a path");
    }
    free(folder);
    free(real);
    return status;
}

enum tl_status file_find(const char *path, struct file *out, struct tl_error *err)
{
    struct stat found;

    *out = FILE_NONE;
    if (lstat(path, &found) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return find_absent(path, out, err);
        return cannot_open(err, path, errno);
    }
    if (S_ISLNK(found.st_mode) && check_link(path, &found, err) != TL_OK)
        return err->status;
    out->path = realpath(path, NULL);
    if (out->path == NULL || stat(out->path, &found) != 0)
        return cannot_open(err, path, errno);
    if (S_ISDIR(found.st_mode))
        return refuse(err, path, "is a folder, not a database",
                      "Name a file in it in the destination's URL");
    if (!S_ISREG(found.st_mode))
        return refuse(err, path, "is not a regular file",
                      "Name another file in the destination's URL");
    out->exists = true;
    return TL_OK;
}

static int set_lock(int fd, int command, off_t byte, struct flock *lock)
{
    *lock =
        (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, command, lock);
}

static enum tl_status fail_locked(const struct file *file, struct tl_error *err)
{
    struct flock lock;
    char name[64] = "";
    char path[64];
    FILE *comm;

    if (set_lock(file->fd, F_GETLK, SIGNATURE_BYTE, &lock) != 0 || lock.l_type == F_UNLCK ||
        lock.l_pid <= 0) {
        (void)tl_fail(err, TL_LOCKED, "%s: another sync holds it", file->path);
        return tl_remedy(err, "Wait until the other sync has ended");
    }
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)lock.l_pid);
    comm = fopen(path, "re");
    if (comm != NULL) {
        char line[32] = "";
        char safe[48];
        if (fgets(line, sizeof(line), comm) != NULL)
            snprintf(name, sizeof(name), " (%s)",
                     text_safe(safe, sizeof(safe), line, strcspn(line, "\n")));
        fclose(comm);
    }
    (void)tl_fail(err, TL_LOCKED, "%s: another sync holds it: process %d%s", file->path,
                  (int)lock.l_pid, name);
    return tl_remedy(err, "Wait until process %d has ended, or end it", (int)lock.l_pid);
}

/* Whether the path still leads to the open file: a failed first sync may just have removed it.
 */
static bool is_current(const struct file *file)
{
    struct stat opened, named;

    return fstat(file->fd, &opened) == 0 && lstat(file->path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static enum tl_status open_or_create(struct file *file, struct tl_error *err)
{
    const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

    file->fd = open(file->path, flags);
    if (file->fd < 0 && errno == ENOENT) {
        file->fd = open(file->path, flags | O_CREAT | O_EXCL, 0600);
        file->created = file->fd >= 0;
        if (file->fd < 0 && errno == EEXIST) /* it has just come to be */
            file->fd = open(file->path, flags);
    }
    return file->fd >= 0 ? TL_OK : cannot_open(err, file->path, errno);
}

/* SQLite keeps its journal beside the file. */
static enum tl_status check_folder(const struct file *file, struct tl_error *err)
{
    const char *slash = strrchr(file->path, '/');
    char *folder = text_copy(file->path, (size_t)(slash - file->path) + 1);
    enum tl_status status = TL_OK;

    if (folder == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a path");
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
        (void)tl_fail(err, TL_DESTINATION,
                      "%s: cannot write to its folder, where SQLite keeps "
                      "the journal: %s",
                      file->path, strerror(errno));
        status = tl_remedy(err, "Make the folder writable for this user");
    }
    free(folder);
    return status;
}

enum tl_status file_claim(struct file *file, struct tl_error *err)
{
    struct flock lock;

    if (check_folder(file, err) != TL_OK)
        return err->status;
    for (;;) {
        if (open_or_create(file, err) != TL_OK)
            return err->status;
        if (set_lock(file->fd, F_OFD_SETLK, CLAIM_BYTE, &lock) != 0) {
            if (errno == EAGAIN || errno == EACCES)
                return fail_locked(file, err);
            return tl_fail(err, TL_DESTINATION, "%s: cannot lock it: %s", file->path,
                           strerror(errno));
        }
        file->exists = !file->created;
        if (is_current(file))
            return file_check(file, err);
        close(file->fd);
        file->fd = -1;
        file->created = false;
    }
}

void file_sign(const struct file *file)
{
    struct flock lock;

    /* Without it the others only miss the process id. */
    (void)set_lock(file->fd, F_SETLK, SIGNATURE_BYTE, &lock);
}

enum tl_status file_check(const struct file *file, struct tl_error *err)
{
    char start[sizeof(SQLITE_MAGIC)];
    int fd = file->fd;
    ssize_t size;

    if (fd < 0)
        fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        (void)tl_fail(err, TL_DESTINATION, "%s: cannot read it: %s", file->path,
                      strerror(errno));
        return tl_remedy(err, "Make the file readable for this user");
    }
    size = pread(fd, start, sizeof(start), 0);
    if (fd != file->fd)
        close(fd);
    if (size == 0 || (size == sizeof(start) && memcmp(start, SQLITE_MAGIC, sizeof(start)) == 0))
        return TL_OK;
    return refuse(err, file->path, "is not a SQLite database; it was left as it is",
                  "Name another file in the destination's URL");
}

void file_remove(struct file *file)
{
    if (is_current(file))
        (void)unlink(file->path);
}

void file_reset(struct file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    *file = FILE_NONE;
}
