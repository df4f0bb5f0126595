/* How a command ended, and whether that is a success. */
#ifndef EXEC_END_H
#define EXEC_END_H

#include "sources/exec.h"
#include "sources/exec_marker.h"
#include "sources/exec_stderr.h"
#include "ssh/channel.h"

/* What is known at the end of a command; all pointers are borrowed. */
struct exec_end {
    struct ssh_session *session;
    const struct exec_request *request;
    const struct exec_marker *marker; /* NULL: by status */
    const struct exec_stderr *errors;
    const char *head; /* how the output begins */
    size_t head_size;
    bool closed; /* by the server, orderly: exit is known */
    struct ssh_exit exit;
};

/* TL_OK as of exec_run, with a warning where even that may be no success. Otherwise TL_COMMAND,
 * saying what is known of the end, in the command's own words where it left some. */
TL_NODISCARD enum tl_status exec_end_judge(const struct exec_end *end, struct tl_error *err);

#endif
