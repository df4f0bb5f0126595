/* The database as a file.
 *
 * Two locks tell one sync from another, on bytes that no database reaches and SQLite does not
 * use. The claim is a lock of the open file description, for it must survive that SQLite closes
 * other descriptors of the same file. Such locks do not say who holds them, so a second, of the
 * process, is the signature. */
#include "destinations/sqlite/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static const off_t CLAIM_BYTE = INT64_C(1) << 62;
static const off_t SIGNATURE_BYTE = (INT64_C(1) << 62) + 1;

enum { OPEN_FLAGS = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK };

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

const char *file_where(const struct file *file)
{
    return file->building != NULL ? file->building : file->path;
}

/* Whether the path still leads to the open file: another sync may just have published what it
 * built, or removed what it failed to build. */
static bool is_current(const struct file *file)
{
    struct stat opened, named;

    return fstat(file->fd, &opened) == 0 && lstat(file_where(file), &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
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

/* Takes the lock. *again if the file was not the one meant by the time that it was locked. */
static enum tl_status lock_file(struct file *file, bool *again, struct tl_error *err)
{
    struct flock lock;

    *again = false;
    if (set_lock(file->fd, F_OFD_SETLK, CLAIM_BYTE, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES)
            return fail_locked(file, err);
        return tl_fail(err, TL_DESTINATION, "%s: cannot lock it: %s", file->path,
                       strerror(errno));
    }
    *again = !is_current(file);
    return TL_OK;
}

static enum tl_status claim_existing(struct file *file, bool *again, struct tl_error *err)
{
    file->fd = open(file->path, OPEN_FLAGS);
    if (file->fd < 0 && errno == ENOENT) {
        *again = true;
        return TL_OK;
    }
    if (file->fd < 0)
        return cannot_open(err, file->path, errno);
    if (lock_file(file, again, err) != TL_OK || *again)
        return err->status;
    return file_check(file, err);
}

/* The name may come to exist until the lock is held: by a sync that has just published. */
static enum tl_status claim_absent(struct file *file, bool *again, struct tl_error *err)
{
    struct stat named;

    file->fd = open(file->building, OPEN_FLAGS | O_CREAT, 0600);
    if (file->fd < 0)
        return cannot_open(err, file->path, errno);
    if (lock_file(file, again, err) != TL_OK || *again)
        return err->status;
    if (lstat(file->path, &named) != 0)
        return file_empty(file, err);
    (void)unlink(file->building);
    *again = true;
    return TL_OK;
}

/* A file that somebody else made while a first sync builds its own does not let another sync
 * begin. */
static enum tl_status check_builder(const struct file *file, struct tl_error *err)
{
    int fd = open(file->building, OPEN_FLAGS);
    const struct file other = {.path = file->path, .building = file->building, .fd = fd};
    struct flock lock;
    enum tl_status status = TL_OK;

    if (fd < 0)
        return TL_OK;
    if (set_lock(fd, F_OFD_SETLK, CLAIM_BYTE, &lock) != 0 &&
        (errno == EAGAIN || errno == EACCES))
        status = fail_locked(&other, err);
    close(fd);
    return status;
}

static enum tl_status claim_once(struct file *file, bool *again, struct tl_error *err)
{
    struct stat named;

    file->exists = lstat(file->path, &named) == 0;
    if (asprintf(&file->building, "%s-building", file->path) < 0) {
        file->building = NULL;
        return tl_fail(err, TL_MEMORY, "out of memory for a path");
    }
    if (!file->exists)
        return claim_absent(file, again, err);
    if (check_builder(file, err) != TL_OK)
        return err->status;
    free(file->building);
    file->building = NULL;
    return claim_existing(file, again, err);
}

static void file_release(struct file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    free(file->building);
    file->building = NULL;
}

enum tl_status file_claim(struct file *file, struct tl_error *err)
{
    bool again = true;

    if (check_folder(file, err) != TL_OK)
        return err->status;
    for (;;) {
        enum tl_status status = claim_once(file, &again, err);
        if (status != TL_OK || !again)
            return status;
        file_release(file);
    }
}

static enum tl_status cannot_publish(const struct file *file, struct tl_error *err)
{
    int error = errno;

    (void)tl_fail(err, TL_DESTINATION, "%s: cannot write it: %s", file->path, strerror(error));
    return error == ENOSPC || error == EDQUOT
               ? tl_remedy(err, "Make room on its file system")
               : tl_remedy(err, "Look at the file system that it lies on");
}

/* Gives the built file its name unless that is taken: 0, or -1 with errno. */
static int give_name(const struct file *file)
{
    if (renameat2(AT_FDCWD, file->building, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* Not every file system can do that, but those can do this. */
    if (link(file->building, file->path) != 0)
        return -1;
    (void)unlink(file->building);
    return 0;
}

/* A name is as durable as its folder. */
static int sync_folder(const struct file *file)
{
    const char *slash = strrchr(file->path, '/');
    char *folder = text_copy(file->path, (size_t)(slash - file->path) + 1);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int result = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0)
        close(fd);
    free(folder);
    return result;
}

enum tl_status file_publish(struct file *file, bool *taken, struct tl_error *err)
{
    *taken = false;
    if (fsync(file->fd) != 0)
        return cannot_publish(file, err);
    if (give_name(file) != 0) {
        *taken = errno == EEXIST;
        return *taken ? TL_OK : cannot_publish(file, err);
    }
    free(file->building);
    file->building = NULL;
    return sync_folder(file) == 0 ? TL_OK : cannot_publish(file, err);
}

enum tl_status file_claim_taken(struct file *file, struct file *built, struct tl_error *err)
{
    bool again;

    *built = *file;
    *file = (struct file){
        .path = text_copy(built->path, strlen(built->path)), .exists = true, .fd = -1};
    if (file->path == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a path");
    if (claim_existing(file, &again, err) != TL_OK || !again)
        return err->status;
    (void)tl_fail(err, TL_DESTINATION, "%s: changes all the time", file->path);
    return tl_remedy(err, "Run the sync again when nobody makes and removes it");
}

enum tl_status file_empty(struct file *file, struct tl_error *err)
{
    return ftruncate(file->fd, 0) == 0 ? TL_OK : cannot_publish(file, err);
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
        (void)unlink(file_where(file));
}

void file_reset(struct file *file)
{
    file_release(file);
    free(file->path);
    *file = FILE_NONE;
}
