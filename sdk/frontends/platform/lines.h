/* A platform that takes JSON messages, one a line: what Airbyte's and Singer's protocols share.
 * It stands in a destination's place: its writes are messages. */
#ifndef PLATFORM_LINES_H
#define PLATFORM_LINES_H

#include "destinations/destination.h"
#include "frontends/platform/column_schema.h"
#include "frontends/platform/row_text.h"
#include "frontends/platform/selection.h"
#include "frontends/platform/emitter.h"

/* One stream's table, as far as it was told. */
struct lines_table {
    char *name;
    bool started;          /* rows of it were sent */
    size_t ended;          /* for the protocol's use: in how many partitions */
    size_t failed;         /* and in how many of them not well */
    uint64_t rows;         /* sent since its last state */
    uint64_t all_rows;     /* sent in all */
    int64_t version;       /* of a table loaded in full; 0: none. For the protocol's own use */
    char *state;           /* that was sent last; NULL: none */
    struct row_text text;  /* the columns that are sent */
    unsigned char *shapes; /* per column of the catalog's table */
    uint32_t n_shapes;
    bool changed; /* since the columns were told */
};

struct lines;

/* What a protocol makes of it. Each appends whole lines to `out`; failure is out's. */
struct lines_protocol {
    enum column_dialect dialect;

    /* The table's columns from now on: before the first row, and after each change. May be
     * NULL. */
    void (*schema)(struct lines *self, struct lines_table *table,
                   const struct catalog_table *columns, struct buf *out);

    /* Before the first row. May be NULL. */
    void (*start)(struct lines *self, struct lines_table *table, struct buf *out);

    /* What stands before and after each row; the same for all rows of a batch. */
    void (*frame)(struct lines *self, const struct lines_table *table, struct buf *before,
                  struct buf *after);

    /* The rows so far and this state belong together. run->status is "done" where nothing will
     * follow from this stream, or from this partition of it. */
    void (*state)(struct lines *self, struct lines_table *table, const struct run_record *run,
                  struct buf *out);

    /* What was sent since the last state will come again, if anything was. May be NULL. */
    void (*again)(struct lines *self, struct lines_table *table);
};

struct lines {
    struct destination base;
    const struct lines_protocol *protocol;
    struct emitter *emitter;
    const struct selection *selection;
    const struct stored_state *states; /* to start from */
    size_t n_states;
    pthread_mutex_t lock; /* of what follows: rows of one stream come while another ends */
    struct lines_table **tables;
    size_t n_tables;
    struct buf before, after;
};

/* Between these two the tables may be looked at while a run is on. */
void lines_enter(struct lines *lines);
void lines_leave(struct lines *lines);

/* Everything is borrowed until lines_reset. Without a protocol (and then without an emitter)
 * nothing is told, only taken note of: that is how streams are discovered. */
void lines_init(struct lines *lines, const struct lines_protocol *protocol,
                struct emitter *emitter, const struct selection *selection,
                const struct stored_state *states, size_t n_states);
void lines_reset(struct lines *lines);

/* The table of that name; made if there is none, NULL when memory ran out. */
struct lines_table *lines_find(struct lines *lines, const char *name);

/* A column as it is to be told: what it has shown, joined with what the platform takes it for.
 */
struct column_form lines_form(const struct lines *lines, const struct lines_table *table,
                              const struct catalog_table *columns, uint32_t index);

/* At the end of a run: logs which columns are selected and not in its catalog, and which the
 * selection does not list. */
void lines_tell_of_columns(const struct lines *lines, const struct catalog *catalog);

#endif
