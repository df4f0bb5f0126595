/* The operations: what a connector may do while one of its streams is synced.
 *
 * Their meaning is that of Fivetran's Connector SDK, the same in every destination:
 *
 * - upsert: insert the row, or replace the row with that key whole; columns it lacks become
 * null;
 * - update: change only the columns given; no row with that key: nothing happens;
 * - delete: mark the row with that key as deleted; no such row: nothing happens;
 * - truncate: mark every row as deleted that was last synced before this moment;
 * - checkpoint: all operations so far and this state become durable together, or neither does.
 *
 * Operations are queued in order and carried out by another thread: what goes wrong there is
 * returned by a later operation. A connector returns whatever an operation fails with, and so
 * stops when it is told to: that is TL_INTERRUPTED, at the latest a tenth of a second later,
 * from the operation that comes then. One that waits for its source polls tl_sync_stop_fd
 * as well. All calls for one tl_sync come from the thread that runs the connector's update. */
#ifndef TOWLINE_SYNC_H
#define TOWLINE_SYNC_H

#include "towline/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tl_sync;

/* A row is an array of fields; its texts need not outlive the call. */
TL_NODISCARD enum tl_status tl_upsert(struct tl_sync *sync, const struct tl_field *row,
                                      size_t n_fields, struct tl_error *err);
TL_NODISCARD enum tl_status tl_update(struct tl_sync *sync, const struct tl_field *row,
                                      size_t n_fields, struct tl_error *err);
TL_NODISCARD enum tl_status tl_delete(struct tl_sync *sync, const struct tl_field *key,
                                      size_t n_fields, struct tl_error *err);
TL_NODISCARD enum tl_status tl_truncate(struct tl_sync *sync, struct tl_error *err);

/* state is a JSON object, at most 10 MB. The runtime makes a last checkpoint by itself when
 * update returns TL_OK; a connector that never calls this has one transaction per stream. */
TL_NODISCARD enum tl_status tl_checkpoint(struct tl_sync *sync, const char *state,
                                          struct tl_error *err);

/* Says something to the user without stopping. */
void tl_warn(struct tl_sync *sync, const char *format, ...) TL_PRINTF(2, 3);

/* Fails with TL_TASK: the user must do what the text says. To be returned by update. */
enum tl_status tl_task(struct tl_sync *sync, struct tl_error *err, const char *format, ...)
    TL_PRINTF(3, 4);

/* Says in which format the output comes, if the stream leaves that open (AUTO); of no effect
 * once rows may have come. */
void tl_sync_format(struct tl_sync *sync, enum tl_format format);

/* Takes the next bytes of the stream's output, JSON or CSV, cut anywhere: finds the rows as the
 * stream says, checks their keys, follows the cursor and upserts them. When update returns
 * TL_OK the runtime takes the output as complete. Feed no bytes once to say that there will be
 * an output, even an empty one: the stream's `empty` and `deletes` then know. A row counts as
 * fed when what follows it has come: make checkpoints of your own state only where that is so.
 */
TL_NODISCARD enum tl_status tl_feed(struct tl_sync *sync, const char *bytes, size_t size,
                                    struct tl_error *err);

/* Says that what was fed since the last such call is whole: one page of an output that comes in
 * several. Fails with TL_DATA if it ends within a value, or lacks the rows that the stream's
 * `rows` points to. *rows tells how many rows all pages so far had. */
TL_NODISCARD enum tl_status tl_feed_page(struct tl_sync *sync, uint64_t *rows,
                                         struct tl_error *err);

/* For sources that ask for a page by a value of the row before it: keeps that column's value of
 * the row fed last. The name is borrowed as long as the sync. */
void tl_sync_keep_last(struct tl_sync *sync, const char *column);

/* That value as text, `overlap` before it (as cursor_overlap; NULL: not); NULL in *out when no
 * row had one. Lent until the next call. */
TL_NODISCARD enum tl_status tl_sync_last(struct tl_sync *sync, const char *overlap,
                                         const char **out, struct tl_error *err);

/* Names where the stream's bytes come from, for messages about them: "user@host". */
void tl_sync_from(struct tl_sync *sync, const char *where);

/* The stream that is synced, and its state as of the last checkpoint: a JSON object, "{}" at
 * first. */
const struct tl_stream *tl_sync_stream(const struct tl_sync *sync);
const char *tl_sync_state(const struct tl_sync *sync);

/* The value of a member of the state as text (a string's characters, else its JSON), NULL if
 * absent; "cursor" gives the cursor to start from, with cursor_start and cursor_overlap
 * applied. Lent until the next call. */
const char *tl_sync_state_value(struct tl_sync *sync, const char *name);

/* The state as whoever makes the output takes it: of a tap or source the last that it sent, as
 * JSON ("{}", "[]" at first); else the stream's whole state. Lent until the next call. */
const char *tl_sync_handback(struct tl_sync *sync);

/* Back-pressure for sources that must go on serving their connection: while tl_sync_ready is
 * false, feed nothing more; the descriptor becomes readable when it is worth asking again. A
 * source that ignores this is simply made to wait inside the operations. */
bool tl_sync_ready(struct tl_sync *sync);
int tl_sync_ready_fd(struct tl_sync *sync);

/* A descriptor that becomes readable when the sync must stop, for a source's poll. */
int tl_sync_stop_fd(const struct tl_sync *sync);

#ifdef __cplusplus
}
#endif
#endif
