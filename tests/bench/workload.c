/* Prints one of the benchmark's workloads: bench_workload w1|w2|w3|w4|w1s ROWS [SEED].
 *
 *   w1   NDJSON in key order, 127 bytes a row: id, name, email, amount, active, updated_at
 *   w2   the same rows in one {"data":[...]} on one line
 *   w3   40 columns, 1,150 bytes a row: nested values, escapes, integers beyond 2^53 and
 *        beyond 64 bits, decimals of 20 digits
 *   w4   w1 again with a tenth of the rows changed, and a hundredth more
 *   w1s  w1 in random key order
 *
 * A row depends on its number and the seed alone, so that the same arguments always print the
 * same bytes, and any number of rows can be streamed without being held. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROW_BYTES = 8192, PIECE_BYTES = 256 * 1024 };

/* Ids that a double cannot tell apart. */
#define W3_FIRST_ID (UINT64_C(1) << 53)

struct output {
    char *at;
    char piece[PIECE_BYTES + MAX_ROW_BYTES];
};

static uint64_t seed = 1;

/* SplitMix64's finaliser: a different number for every n, and no pattern in them. */
static uint64_t draw(uint64_t n, uint64_t what)
{
    uint64_t x =
        (n + seed) * UINT64_C(0x9e3779b97f4a7c15) + what * UINT64_C(0xd1342543de82ef95);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void flush(struct output *out)
{
    size_t size = (size_t)(out->at - out->piece);

    if (fwrite(out->piece, 1, size, stdout) != size)
        exit(EXIT_FAILURE); /* the reader has gone; it will say why */
    out->at = out->piece;
}

static void put(struct output *out, const char *text)
{
    size_t size = strlen(text);

    memcpy(out->at, text, size);
    out->at += size;
}

/* Decimal digits, with leading zeros up to width. printf would take half of the run. */
static void put_number(struct output *out, uint64_t number, int width)
{
    char digits[20];
    int n = 0;

    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    for (int i = n; i < width; i++)
        *out->at++ = '0';
    while (n > 0)
        *out->at++ = digits[--n];
}

static void put_time(struct output *out, uint64_t number)
{
    put(out, "\"2026-");
    put_number(out, number % 12 + 1, 2);
    put(out, "-");
    put_number(out, number / 12 % 28 + 1, 2);
    put(out, "T");
    put_number(out, number / 336 % 24, 2);
    put(out, ":");
    put_number(out, number / 8064 % 60, 2);
    put(out, ":");
    put_number(out, number / 483840 % 60, 2);
    put(out, "Z\"");
}

/* A row of w1; version 1 is the changed row of w4. */
static void put_plain_row(struct output *out, uint64_t id, uint64_t version)
{
    static const char *const names[] = {"Ada",    "Alan",    "Barbara", "Dennis", "Donald",
                                        "Edsger", "Fran",    "Jean",    "Grace",  "Ken",
                                        "Lynn",   "Niklaus", "Radia"};
    uint64_t fixed = draw(id, 1), changing = draw(id, 2 + version);

    put(out, "{\"id\":");
    put_number(out, id, 1);
    put(out, ",\"name\":\"");
    put(out, names[fixed % (sizeof(names) / sizeof(*names))]);
    put(out, "\",\"email\":\"u");
    put_number(out, id, 1);
    put(out, "@example.org\",\"amount\":");
    put_number(out, changing % 9000 + 1000, 1);
    put(out, ".");
    put_number(out, changing / 9000 % 100, 2);
    put(out, fixed & UINT64_C(1) << 32 ? ",\"active\":true" : ",\"active\":false");
    put(out, ",\"updated_at\":");
    put_time(out, changing >> 20);
    put(out, "}");
}

static void put_text(struct output *out, uint64_t random)
{
    static const char *const inside[] = {"\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00",
                                         "\\t", "é",    "\\/"};

    put(out, "\"");
    put_number(out, random >> 54, 1);
    put(out, inside[random % 8]);
    put(out, "text");
    put(out, inside[random / 8 % 8]);
    put(out, "\"");
}

static void put_object(struct output *out, uint64_t random)
{
    put(out, "{\"a\":{\"b\":");
    put_number(out, random, 1);
    put(out, "},\"c\":\"x\\ny\"}");
}

static void put_array(struct output *out, uint64_t random)
{
    put(out, "[");
    put_number(out, random % 100, 1);
    put(out, random & 1 ? ",null,2.50]" : ",false,[]]");
}

static void put_wide(struct output *out, uint64_t random)
{
    put(out, random & 1 ? "-" : "");
    put_number(out, (random >> 2) | UINT64_C(1) << 54, 1);
}

/* 22 digits: no machine integer holds it. */
static void put_huge(struct output *out, uint64_t random)
{
    put_number(out, random % 900 + 100, 1);
    put_number(out, random, 20);
}

static void put_decimal(struct output *out, uint64_t random)
{
    put_number(out, random >> 40 | 10000000, 8);
    put(out, ".");
    put_number(out, random % UINT64_C(1000000000000), 12);
}

static void put_double(struct output *out, uint64_t random)
{
    put_number(out, random >> 44, 1);
    put(out, ".");
    put_number(out, random % 1000, 3);
}

static void put_boolean(struct output *out, uint64_t random)
{
    put(out, random & 1 ? "true" : "false");
}

static void put_maybe(struct output *out, uint64_t random)
{
    if (random % 4 == 0)
        put(out, "null");
    else
        put_number(out, random >> 40, 1);
}

/* The columns of w3 after its id, in groups of the same kind: name_1, name_2, ... */
static const struct column_group {
    const char *name;
    unsigned count;
    void (*put)(struct output *out, uint64_t random);
} column_groups[] = {
    {",\"text_", 8, put_text},    {",\"nested_", 4, put_object},
    {",\"wide_", 3, put_wide},    {",\"decimal_", 5, put_decimal},
    {",\"array_", 4, put_array},  {",\"double_", 5, put_double},
    {",\"huge_", 2, put_huge},    {",\"flag_", 4, put_boolean},
    {",\"seen_at_", 2, put_time}, {",\"maybe_", 2, put_maybe},
};

static void put_rich_row(struct output *out, uint64_t number)
{
    uint64_t column = 1;

    put(out, "{\"id\":");
    put_number(out, W3_FIRST_ID + number, 1);
    for (size_t i = 0; i < sizeof(column_groups) / sizeof(*column_groups); i++) {
        const struct column_group *group = &column_groups[i];
        for (unsigned n = 1; n <= group->count; n++) {
            put(out, group->name);
            put_number(out, n, 1);
            put(out, "\":");
            group->put(out, draw(number, column++));
        }
    }
    put(out, "}");
}

/* Ends a row with its separator. */
static void end_row(struct output *out, const char *separator)
{
    put(out, separator);
    if (out->at - out->piece >= PIECE_BYTES)
        flush(out);
}

static void print_w1(struct output *out, uint64_t rows)
{
    for (uint64_t id = 1; id <= rows; id++) {
        put_plain_row(out, id, 0);
        end_row(out, "\n");
    }
}

static void print_w2(struct output *out, uint64_t rows)
{
    put(out, "{\"data\":[");
    for (uint64_t id = 1; id <= rows; id++) {
        put_plain_row(out, id, 0);
        end_row(out, id < rows ? "," : "");
    }
    put(out, "]}\n");
}

static void print_w3(struct output *out, uint64_t rows)
{
    for (uint64_t number = 1; number <= rows; number++) {
        put_rich_row(out, number);
        end_row(out, "\n");
    }
}

static void print_w4(struct output *out, uint64_t rows)
{
    for (uint64_t id = 1; id <= rows + rows / 100; id++) {
        put_plain_row(out, id, draw(id, 0) % 10 == 0);
        end_row(out, "\n");
    }
}

/* The one workload that is not streamed: it holds its keys, and shuffles them (Fisher-Yates).
 */
static void print_w1s(struct output *out, uint64_t rows)
{
    uint32_t *ids = rows < UINT32_MAX ? malloc((rows + 1) * sizeof(*ids)) : NULL;

    if (ids == NULL) {
        fprintf(stderr, "bench_workload: too many rows to shuffle: %" PRIu64 "\n", rows);
        exit(EXIT_FAILURE);
    }
    for (uint64_t i = 0; i < rows; i++) {
        uint64_t j = draw(i, 0) % (i + 1);
        ids[i] = ids[j];
        ids[j] = (uint32_t)(i + 1);
    }
    for (uint64_t i = 0; i < rows; i++) {
        put_plain_row(out, ids[i], 0);
        end_row(out, "\n");
    }
    free(ids);
}

static const struct workload {
    const char *name;
    void (*print)(struct output *out, uint64_t rows);
} workloads[] = {
    {"w1", print_w1}, {"w2", print_w2}, {"w3", print_w3}, {"w4", print_w4}, {"w1s", print_w1s},
};

/* The whole of text as a number. */
static bool read_number(const char *text, uint64_t *out)
{
    char *end;

    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

int main(int argc, char **argv)
{
    static struct output out;
    uint64_t rows;

    out.at = out.piece;
    if ((argc == 3 || argc == 4) && read_number(argv[2], &rows) &&
        (argc == 3 || read_number(argv[3], &seed)))
        for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
            if (strcmp(argv[1], workloads[i].name) == 0) {
                workloads[i].print(&out, rows);
                flush(&out);
                return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
            }
    fprintf(stderr, "Usage: bench_workload w1|w2|w3|w4|w1s ROWS [SEED]\n");
    return 2;
}
