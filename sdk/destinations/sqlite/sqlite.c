/* SQLite as a destination: the operations, put together from the other files of this folder. */
#include "destinations/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "destinations/sqlite/alter.h"
#include "destinations/sqlite/connection.h"
#include "destinations/sqlite/definition.h"
#include "destinations/sqlite/own.h"
#include "destinations/sqlite/sweep.h"
#include "destinations/sqlite/write.h"

struct sqlite {
    struct destination base;
    struct connection connection;
    struct write write;
    struct sweep sweep;
};

static struct sqlite *sqlite_of(struct destination *destination)
{
    return (struct sqlite *)destination;
}

static const struct sql *sql_of(struct destination *destination)
{
    return &sqlite_of(destination)->connection.sql;
}

static void sqlite_close(struct destination *destination)
{
    struct sqlite *self = sqlite_of(destination);

    if (self == NULL)
        return;
    write_forget(&self->write);
    connection_close(&self->connection);
    sweep_forget(&self->sweep);
    buf_free(&self->write.view.scratch);
    free(self);
}

/* Tells a connection what our statements need. */
static enum tl_status sqlite_attach(struct sqlite *self, struct tl_error *err)
{
    const struct sql *sql = &self->connection.sql;

    if (write_attach(&self->write, sql, err) != TL_OK ||
        sweep_attach(&self->sweep, sql, err) != TL_OK)
        return err->status;
    return alter_attach(sql, err);
}

static enum tl_status sqlite_open(const char *url, enum destination_mode mode,
                                  struct destination **out, struct tl_error *err)
{
    const char *path = url + strcspn(url, ":") + 1;
    struct sqlite *self;
    enum tl_status status;

    *out = NULL;
    if (*path == '\0') {
        (void)tl_fail(err, TL_CONFIGURATION, "destination \"%s\" names no file", url);
        return tl_remedy(err, "Write for example sqlite:warehouse.db");
    }
    self = calloc(1, sizeof(*self));
    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a destination");
    self->base.ops = &sqlite_destination;
    status = connection_open(&self->connection, path, mode, err);
    if (status == TL_OK && mode != DESTINATION_READ)
        status = sqlite_attach(self, err);
    if (status == TL_OK)
        *out = &self->base;
    else
        sqlite_close(&self->base);
    return status;
}

static enum tl_status sqlite_load(struct destination *destination,
                                  struct destination_contents *out, struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);
    const size_t max_runs = out->max_runs;
    bool again = true;

    *out = (struct destination_contents){.next_run = 1, .max_runs = max_runs};
    while (again && self->connection.sql.db != NULL) {
        enum tl_status status = own_load(&self->connection.sql, out, err);
        if (connection_settle(&self->connection, &again, err) != TL_OK)
            return err->status;
        if (status != TL_OK && !again)
            return status;
        if (again)
            destination_contents_reset(out);
        out->max_runs = max_runs;
    }
    return TL_OK;
}

static enum tl_status sqlite_alter(struct destination *destination,
                                   const struct catalog_table *table,
                                   const struct catalog_change *changes, size_t n_changes,
                                   struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);

    write_forget(&self->write);
    if (connection_begin(&self->connection, err) != TL_OK)
        return err->status;
    return alter_table(sql_of(destination), table, changes, n_changes, err);
}

static enum tl_status sqlite_upsert(struct destination *destination, const struct batch *batch,
                                    struct tally *tally, struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);

    if (connection_begin(&self->connection, err) != TL_OK)
        return err->status;
    self->write.seen = sweep_rows(&self->sweep, batch->table->name);
    self->write.seen_table = batch->table->name;
    return write_upsert(&self->write, batch, tally, err);
}

static enum tl_status sqlite_update(struct destination *destination, const struct batch *batch,
                                    struct tally *tally, struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);

    if (connection_begin(&self->connection, err) != TL_OK)
        return err->status;
    self->write.seen = NULL;
    return write_update(&self->write, batch, tally, err);
}

static enum tl_status sqlite_delete_rows(struct destination *destination,
                                         const struct batch *batch, struct tally *tally,
                                         struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);

    if (connection_begin(&self->connection, err) != TL_OK)
        return err->status;
    return write_delete(&self->write, batch, tally, err);
}

static enum tl_status sqlite_truncate(struct destination *destination,
                                      const struct catalog_table *table,
                                      const struct destination_scope *scope, int64_t synced_us,
                                      struct tally *tally, struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);

    if (connection_begin(&self->connection, err) != TL_OK)
        return err->status;
    return write_truncate(&self->write, table, scope, synced_us, tally, err);
}

static enum tl_status sqlite_sweep_begin(struct destination *destination,
                                         const struct catalog_table *table,
                                         struct tl_error *err)
{
    return sweep_begin(&sqlite_of(destination)->sweep, table->name, err);
}

static enum tl_status sqlite_sweep(struct destination *destination,
                                   const struct catalog_table *table,
                                   const struct destination_scope *scope,
                                   enum tl_deletes deletes, int64_t synced_us,
                                   struct tally *tally, struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);

    if (connection_begin(&self->connection, err) != TL_OK)
        return err->status;
    return sweep_end(&self->sweep, sql_of(destination), table, scope, deletes, synced_us, tally,
                     err);
}

static enum tl_status put_runs(const struct sql *sql, const struct run_record *run,
                               struct tl_error *err)
{
    enum tl_status status = own_put_run(sql, run, err);

    for (size_t i = 0; i < run->n_tables && status == TL_OK; i++)
        status = own_put_run(sql, &run->tables[i], err);
    return status;
}

static enum tl_status sqlite_commit(struct destination *destination, const char *stream,
                                    const char *state, const struct run_record *run,
                                    struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);
    const struct sql *sql = sql_of(destination);

    if (state == NULL && run == NULL && sqlite3_get_autocommit(sql->db))
        return TL_OK;
    if (connection_begin(&self->connection, err) != TL_OK ||
        (state != NULL && own_put_state(sql, stream, state, clock_utc_us(), err) != TL_OK) ||
        (run != NULL && put_runs(sql, run, err) != TL_OK))
        return err->status;
    if (connection_commit(&self->connection, err) != TL_OK ||
        !connection_is_building(&self->connection))
        return err->status;
    write_forget(&self->write);
    if (connection_publish(&self->connection, err) != TL_OK)
        return err->status;
    return sqlite_attach(self, err);
}

static void sqlite_rollback(struct destination *destination)
{
    struct sqlite *self = sqlite_of(destination);
    struct tl_error ignored = {0};

    write_forget(&self->write);
    sweep_forget(&self->sweep);
    if (connection_rollback(&self->connection) && sqlite_attach(self, &ignored) != TL_OK)
        connection_abandon(&self->connection);
}

/* A table of that name that is not in the catalog is somebody else's. */
static enum tl_status sqlite_remove(const struct sql *sql, const struct catalog *catalog,
                                    const char *stream, struct tl_error *err)
{
    if (catalog_find(catalog, stream) != NULL && alter_drop(sql, stream, err) != TL_OK)
        return err->status;
    return own_forget_stream(sql, stream, err);
}

static enum tl_status sqlite_reset(struct destination *destination, const char *const *streams,
                                   struct tl_error *err)
{
    struct sqlite *self = sqlite_of(destination);
    const struct sql *sql = sql_of(destination);
    struct destination_contents contents = {0};
    int64_t left = 1;
    enum tl_status status = connection_begin(&self->connection, err);

    write_forget(&self->write);
    if (status == TL_OK)
        status = own_load(sql, &contents, err);
    for (size_t i = 0; streams[i] != NULL && status == TL_OK; i++)
        status = sqlite_remove(sql, &contents.catalog, streams[i], err);
    if (status == TL_OK)
        status = own_drop_empty(sql, err);
    if (status == TL_OK)
        status = sql_number(sql, "SELECT count(*) FROM main.sqlite_schema", NULL, &left, err);
    if (status == TL_OK)
        status = connection_commit(&self->connection, err);
    /* What holds nothing any more goes when it is closed. */
    if (status == TL_OK && left == 0)
        self->connection.removable = true;
    destination_contents_reset(&contents);
    return status;
}

/* As write.c and own.c run them; sync is one transaction. */
static void sqlite_explain(const struct catalog_table *table, struct buf *out)
{
    buf_append_string(out, "-- made once\n");
    definition_append_table(out, table);
    buf_append_string(out, ";\n-- for each row: ?1 is the time, the others its columns\n");
    write_append_upsert(out, table, true);
    buf_append_string(
        out,
        ";\n-- at the end: ?1 is the stream, ?2 its state, ?3 the time\n" OWN_PUT_STATE ";\n");
}

static const char *const reserved_names[] = {"_rowid_", NULL};
static const char *const reserved_tables[] = {"sqlite_", NULL};

const struct destination_ops sqlite_destination = {
    .scheme = "sqlite",
    .help = "sqlite:PATH, a database file, made if it is not there",
    .traits = {.max_columns = 2000,
               .folds_case = true,
               .reserved = reserved_names,
               .reserved_tables = reserved_tables},
    .open = sqlite_open,
    .close = sqlite_close,
    .load = sqlite_load,
    .alter = sqlite_alter,
    .upsert = sqlite_upsert,
    .update = sqlite_update,
    .delete_rows = sqlite_delete_rows,
    .truncate = sqlite_truncate,
    .sweep_begin = sqlite_sweep_begin,
    .sweep = sqlite_sweep,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .reset = sqlite_reset,
    .explain = sqlite_explain,
};
