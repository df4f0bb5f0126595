/* What is remembered between calls with the same configuration: the platform asks for the
 * schema and then for the rows, and for each setup test by itself. Thread-safe. */
#ifndef FIVETRAN_MEMORY_H
#define FIVETRAN_MEMORY_H

#include <pthread.h>

#include "frontends/fivetran/view.h"

/* The outcome of one step of a check. */
struct memory_step {
    char name[128];
    bool passed;
    bool told;          /* it has been asked for already */
    char failure[2048]; /* what failed and what to do */
};

struct memory_steps {
    struct memory_step *steps;
    size_t n_steps;
    int64_t taken_ms;
};

enum { MEMORY_CONFIGURATIONS = 8 };

struct memory {
    pthread_mutex_t lock;
    struct memory_entry {
        uint64_t fingerprint;
        int64_t used_ms; /* 0: free */
        struct view view;
        struct memory_steps steps;
    } entries[MEMORY_CONFIGURATIONS];
};

void memory_init(struct memory *memory);
void memory_reset(struct memory *memory);

/* Copies the tables as Schema has told them into *out, which is empty; it stays so if Schema
 * was not asked for. */
TL_NODISCARD enum tl_status memory_recall(struct memory *memory, uint64_t fingerprint,
                                          struct view *out, struct tl_error *err);

/* Takes the view, leaving *view empty; what was known before is forgotten. */
void memory_keep(struct memory *memory, uint64_t fingerprint, struct view *view);

/* Takes the steps of a check that has just been made, leaving *steps empty. */
void memory_keep_steps(struct memory *memory, uint64_t fingerprint, struct memory_steps *steps);

/* How the step went, by these steps: it passed unless it or one before it failed; then this is
 * the first that did. The named one counts as told. */
struct memory_step memory_outcome(struct memory_steps *steps, const char *name);

/* The same from a recent check. False if there is none, or it was asked for that step already:
 * who asks twice wants it tried again. */
bool memory_recall_step(struct memory *memory, uint64_t fingerprint, const char *name,
                        struct memory_step *outcome);

#endif
