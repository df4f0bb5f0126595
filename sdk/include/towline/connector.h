/* Connectors: what the runtime asks of a source, and the program around it.
 *
 * A program is a struct tl_connector and `return tl_main(argc, argv, &connector)`. In the life
 * of an instance: open, schema, then check, or update for one stream after the other, and
 * close. */
#ifndef TOWLINE_CONNECTOR_H
#define TOWLINE_CONNECTOR_H

#include "towline/command.h"
#include "towline/sync.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A connector's own state between open and close; each connector defines it. */
struct tl_instance;

/* Where schema puts what it knows. */
struct tl_schema;

/* Declares a stream; streams are synced in the order of their declaration. What the stream
 * points to is borrowed until close. */
TL_NODISCARD enum tl_status tl_schema_add(struct tl_schema *schema,
                                          const struct tl_stream *stream, struct tl_error *err);

/* Where partitions puts what it knows. */
struct tl_partitions;

/* Declares a partition by its name, which is copied. TL_CONFIGURATION if it is empty or
 * declared already. */
TL_NODISCARD enum tl_status tl_partitions_add(struct tl_partitions *partitions,
                                              const char *name, struct tl_error *err);

/* Where check reports its steps. */
struct tl_probe;

/* A step begins; its time runs until tl_probe_pass or until check returns its error. */
void tl_probe_begin(struct tl_probe *probe, const char *step);

/* The step that began last went well; detail, one line, may be NULL. */
void tl_probe_pass(struct tl_probe *probe, const char *detail);

/* Why a connector is opened. */
struct tl_open {
    const struct tl_config *config;
    int stop_fd;          /* readable: stop, with TL_INTERRUPTED */
    const char *approve;  /* check: a host key fingerprint the user vouches for; else NULL.
                               TL_USAGE if it is none */
    bool connection_only; /* only check will be called, and no streams need be configured */

    /* Which partition the instance is of: its place in the order of declaration, and its name;
     * NULL where none were declared, or the instance is only asked for its schema. Lent for as
     * long as the instance lives. */
    size_t partition_index;
    const char *partition;
    size_t at_once; /* how many instances run side by side, this one included: they share the
                       memory that one alone could use. 0: as 1 */
};

struct tl_connector {
    const char *name;   /* of the program, too */
    const char *source; /* what it reads, as in source-ssh and tap-ssh; NULL: as its name */
    const char *version;
    const char *summary; /* one line, for help */
    const struct tl_option *options;
    const struct tl_command *commands; /* of its own, or NULL */

    /* The names of the steps that check walks through, in order, NULL-terminated; may be NULL.
     */
    const char *const *steps;

    /* The same streams may come from several places at once, such as the hosts of a fleet:
     * partitions of the connector. Their rows go to the same tables, where the column
     * _towline_<partition>, "_towline_host" for "host", joins every key; state, failures and
     * deletes are each partition's own. `partitions` declares those that the configuration asks
     * for, or none. Each then has an instance, used by one thread at a time; several run side
     * by side, so what instances share must stand that. Both NULL: there are never any. */
    const char *partition; /* what one of them is, in a word */
    enum tl_status (*partitions)(const struct tl_config *config,
                                 struct tl_partitions *partitions, struct tl_error *err);

    /* Makes an instance; does not connect yet. open->config outlives the instance, which may be
     * NULL if there is nothing to hold. */
    enum tl_status (*open)(const struct tl_open *open, struct tl_instance **out,
                           struct tl_error *err);

    /* Ends connections and frees the instance. Must take NULL; may be NULL. */
    void (*close)(struct tl_instance *self);

    /* Declares the streams, the same for each partition; called once after open, before update.
     * Does not connect. */
    enum tl_status (*schema)(struct tl_instance *self, struct tl_schema *schema,
                             struct tl_error *err);

    /* Connects as update would, reporting each of `steps`. May be NULL: nothing to check. */
    enum tl_status (*check)(struct tl_instance *self, struct tl_probe *probe,
                            struct tl_error *err);

    /* Syncs the stream with that index (order of declaration): runs until all its rows have
     * been handed to the operations. May block. After a transient error the runtime calls it
     * again for the same stream, whose uncommitted operations are forgotten. */
    enum tl_status (*update)(struct tl_instance *self, size_t stream, struct tl_sync *sync,
                             struct tl_error *err);

    /* Prints with tl_print what a user would type into a shell to get the output of the stream
     * with that index. Connects to nothing; sync may be asked for the stream, the state and its
     * values alone. Secrets are variables of the shell. May be NULL. */
    enum tl_status (*explain)(struct tl_instance *self, size_t stream, struct tl_sync *sync,
                              struct tl_error *err);
};

/* The whole program: the command line and every platform's protocol. Returns the exit code. */
int tl_main(int argc, char **argv, const struct tl_connector *connector);

#ifdef __cplusplus
}
#endif
#endif
