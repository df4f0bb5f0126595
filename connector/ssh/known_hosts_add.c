/* Remembers a host: appends its key to known_hosts, one writer at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/base64.h"
#include "ssh/known_hosts.h"
#include "ssh/known_hosts_match.h"
#include "ssh/local_user.h"

enum { RECORD_MAX_BYTES = 64 * 1024 };

/* A line cut short by an earlier crash must not swallow the new one. */
static bool ends_in_newline(int fd)
{
    char last;
    off_t size = lseek(fd, 0, SEEK_END);
    return size <= 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

static enum tl_status append_record(int fd, const char *path, const char *name,
                                    struct known_key key, struct tl_error *err)
{
    struct buf record = BUF_INIT(RECORD_MAX_BYTES);
    char type[KNOWN_KEY_TYPE_SIZE];
    enum tl_status status;

    if (!ends_in_newline(fd))
        buf_append_char(&record, '\n');
    buf_printf(&record, "%s %s ", name, known_key_type(key, type));
    base64_encode(&record, key.blob, key.size);
    buf_append_char(&record, '\n');
    status = buf_check(&record, "the known_hosts line", err);
    if (status == TL_OK &&
        (write(fd, record.data, record.size) != (ssize_t)record.size || fsync(fd) != 0)) {
        tl_fail(err, TL_HOST_KEY, "cannot write the host key to %s: %s", path, strerror(errno));
        status =
            tl_remedy(err, "Make room there, or name another file in ssh_known_hosts_path");
    }
    buf_free(&record);
    return status;
}

/* Under the lock: another process may have met the host, or an impostor, just before. */
static enum tl_status add_locked(int fd, const char *path, const char *const *paths,
                                 const char *host, uint16_t port, struct known_key key,
                                 bool further_type, struct tl_error *err)
{
    struct known_hosts *hosts = NULL;
    struct host_names names = {0};
    struct known_key other = {0};
    enum known_hosts_verdict verdict;
    bool conflict;
    enum tl_status status = known_hosts_load(paths, host, port, &hosts, err);

    if (status != TL_OK)
        return status;
    verdict = known_hosts_check(hosts, key, &other);
    conflict =
        verdict == KNOWN_HOSTS_REVOKED ||
        (verdict == KNOWN_HOSTS_CHANGED && (!further_type || known_key_same_type(key, other)));
    known_hosts_free(hosts);
    if (verdict == KNOWN_HOSTS_MATCH)
        return TL_OK;
    if (conflict) {
        tl_fail(err, TL_HOST_KEY, "%s has come to know another key of %s", path, host);
        return tl_remedy(err, "Run check: it compares with that key");
    }
    if (host_names_init(&names, host, port))
        status = append_record(fd, path, names.with_port, key, err);
    else
        status = tl_fail(err, TL_MEMORY, "writing %s: out of memory", path);
    host_names_reset(&names);
    return status;
}

enum tl_status known_hosts_add(const char *const *paths, const char *host, uint16_t port,
                               struct known_key key, bool further_type, struct tl_error *err)
{
    char *path = local_user_path(paths[0]);
    int fd = -1;
    enum tl_status status;

    if (path == NULL)
        return tl_fail(err, TL_MEMORY, "writing known_hosts: out of memory");
    local_user_make_folder(path);
    fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        tl_fail(err, TL_HOST_KEY, "cannot remember the host key in %s: %s", path,
                strerror(errno));
        status =
            tl_remedy(err, "Make the file writable, or name another in ssh_known_hosts_path");
    } else {
        status = add_locked(fd, path, paths, host, port, key, further_type, err);
    }
    if (fd >= 0)
        close(fd);
    free(path);
    return status;
}
