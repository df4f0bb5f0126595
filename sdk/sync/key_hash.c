/* The content hash of a row. */
#include "sync/key_hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct key_hash {
    EVP_MD *digest;
    EVP_MD_CTX *context;
    uint32_t *order; /* indexes of columns, by name */
    uint32_t n_order;
};

struct key_hash *key_hash_new(void)
{
    struct key_hash *hash = calloc(1, sizeof(*hash));

    if (hash == NULL)
        return NULL;
    hash->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    hash->context = EVP_MD_CTX_new();
    if (hash->digest == NULL || hash->context == NULL) {
        key_hash_free(hash);
        return NULL;
    }
    return hash;
}

void key_hash_free(struct key_hash *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->context);
    EVP_MD_free(hash->digest);
    free(hash->order);
    free(hash);
}

void key_hash_restart(struct key_hash *hash)
{
    hash->n_order = 0;
}

static int by_name(const void *left, const void *right, void *columns)
{
    const struct column_name *names = ((const struct columns *)columns)->names;
    const struct column_name *a = &names[*(const uint32_t *)left];
    const struct column_name *b = &names[*(const uint32_t *)right];
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static enum tl_status key_hash_sort(struct key_hash *hash, struct columns *columns,
                                    struct tl_error *err)
{
    uint32_t *order;

    if (hash->n_order == columns->count)
        return TL_OK;
    order = realloc(hash->order, columns->count * sizeof(*order));
    if (order == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the content hash");
    hash->order = order;
    hash->n_order = columns->count;
    for (uint32_t i = 0; i < columns->count; i++)
        order[i] = i;
    qsort_r(order, columns->count, sizeof(*order), by_name, columns);
    return TL_OK;
}

/* Lengths and numbers go in as eight bytes, the least first, so that the hash is the same
 * everywhere. */
static void hash_number(struct key_hash *hash, uint64_t number)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    EVP_DigestUpdate(hash->context, bytes, sizeof(bytes));
}

static void hash_text(struct key_hash *hash, const char *text, uint32_t size)
{
    hash_number(hash, size);
    EVP_DigestUpdate(hash->context, text, size);
}

static void hash_value(struct key_hash *hash, const struct tl_value *value)
{
    uint64_t bits;

    switch (value->type) {
    case TL_TYPE_BOOLEAN:
        hash_text(hash, "b", 1);
        hash_number(hash, value->as.boolean);
        break;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        hash_text(hash, "l", 1);
        hash_number(hash, (uint64_t)value->as.integer);
        break;
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        hash_text(hash, "d", 1);
        memcpy(&bits, &value->as.real, sizeof(bits));
        hash_number(hash, bits);
        break;
    case TL_TYPE_DECIMAL:
        hash_text(hash, "n", 1);
        hash_text(hash, value->as.text, value->size);
        break;
    case TL_TYPE_JSON:
        hash_text(hash, "j", 1);
        hash_text(hash, value->as.text, value->size);
        break;
    default: /* dates, too, are strings to the source */
        hash_text(hash, "s", 1);
        hash_text(hash, value->as.text, value->size);
    }
}

enum tl_status key_hash_row(struct key_hash *hash, struct builder *builder, uint32_t index,
                            struct tl_value *cells, struct tl_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    char *text = builder_text(builder, 32);

    if (text == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the content hash");
    if (key_hash_sort(hash, builder->columns, err) != TL_OK)
        return err->status;
    if (EVP_DigestInit_ex2(hash->context, hash->digest, NULL) != 1)
        return tl_fail(err, TL_INTERNAL, "SHA-256 is not available");
    for (uint32_t i = 0; i < hash->n_order; i++) {
        uint32_t column = hash->order[i];
        const struct column_name *name = &builder->columns->names[column];
        if (column == index || cells[column].type <= TL_TYPE_NULL)
            continue;
        hash_text(hash, name->text, name->size);
        hash_value(hash, &cells[column]);
    }
    EVP_DigestFinal_ex(hash->context, digest, NULL);
    for (size_t i = 0; i < 16; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    cells[index] = tl_text(TL_TYPE_STRING, text, 32);
    return TL_OK;
}
