/* Takes -L's and -R's values apart. */
#include "commands/tunnel_spec.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { FIELDS_MAX = 4 };

struct field {
    const char *text;
    size_t size;
};

/* Splits at colons, but not inside of [brackets], which an IPv6 address stands in. Returns the
 * number of fields, 0 if there is no sense in it. */
static size_t split(const char *text, struct field fields[FIELDS_MAX])
{
    size_t n = 0;

    for (;;) {
        bool bracket = *text == '[';
        size_t size = bracket ? strcspn(text, "]") : strcspn(text, ":");

        if (n == FIELDS_MAX || (bracket && text[size] != ']'))
            return 0;
        fields[n++] = (struct field){text + bracket, size - bracket};
        text += size + bracket;
        if (*text == '\0')
            return n;
        if (*text++ != ':')
            return 0;
    }
}

static bool to_port(const struct field *field, uint16_t *out)
{
    unsigned long port = 0;

    if (field->size == 0 || field->size > 5 || strspn(field->text, "0123456789") < field->size)
        return false;
    port = strtoul(field->text, NULL, 10);
    *out = (uint16_t)port;
    return port <= 65535;
}

static bool to_name(const struct field *field, char *out, size_t out_size)
{
    if (field->size >= out_size)
        return false;
    memcpy(out, field->text, field->size);
    out[field->size] = '\0';
    return strpbrk(out, " \t\r\n") == NULL;
}

enum tl_status tunnel_spec_parse(const char *option, const char *text, struct tunnel_spec *out,
                                 struct tl_error *err)
{
    struct field fields[FIELDS_MAX];
    size_t n = split(text, fields);
    const struct field *target = fields + n - 2;
    const char *wrong = NULL;
    char safe[200];

    *out = (struct tunnel_spec){0};
    if (n < 2)
        wrong = "it has no HOST:HOSTPORT";
    else if (n == 4 && !to_name(&fields[0], out->bind, sizeof(out->bind)))
        wrong = "BIND is not an address";
    else if (n > 2 && !to_port(&fields[n - 3], &out->port))
        wrong = "PORT is not a port number";
    else if (target->size == 0 || !to_name(target, out->host, sizeof(out->host)))
        wrong = "HOST is not a name or address";
    else if (!to_port(target + 1, &out->host_port) || out->host_port == 0)
        wrong = "HOSTPORT is not a port number";
    if (wrong == NULL)
        return TL_OK;
    tl_fail(err, TL_USAGE, "%s \"%s\": %s", option,
            text_safe(safe, sizeof(safe), text, strlen(text)), wrong);
    return tl_remedy(err,
                     "Write %s [[BIND:]PORT:]HOST:HOSTPORT, as in %s 5432:db.internal:5432; "
                     "an IPv6 address stands in [brackets]",
                     option, option);
}

static enum tl_status parse_all(const char *option, const char *const *texts,
                                struct tunnel_plan *out, struct tl_error *err)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        if (out->n == TUNNEL_SPECS_MAX)
            return tl_fail(err, TL_USAGE, "there are more than %d tunnels", TUNNEL_SPECS_MAX);
        if (tunnel_spec_parse(option, *texts, &out->specs[out->n++], err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

enum tl_status tunnel_plan_parse(const char *const *local, const char *const *remote,
                                 struct tunnel_plan *out, struct tl_error *err)
{
    enum tl_status status;

    *out = (struct tunnel_plan){0};
    status = parse_all("-L", local, out, err);
    out->n_local = out->n;
    if (status == TL_OK)
        status = parse_all("-R", remote, out, err);
    if (status != TL_OK || out->n > 0)
        return status;
    tl_fail(err, TL_USAGE, "there is no tunnel to open");
    return tl_remedy(err, "Give -L for a port of this machine that leads to what the SSH host "
                          "reaches, -R for a port of the SSH host that leads to what this "
                          "machine reaches");
}
