/* A connector of one file: the accounts of this machine, from the user database (getpwent(3)).
 */
#include <pwd.h>
#include <towline/towline.h>

/* No keys of its own: the runtime's (destination, retry_attempts) are there in any case. */
static const struct tl_option options[] = {{.name = NULL}};

static enum tl_status accounts_open(const struct tl_open *open, struct tl_instance **out,
                                    struct tl_error *err)
{
    (void)open, (void)out, (void)err; /* nothing to hold between calls */
    return TL_OK;
}

static enum tl_status accounts_schema(struct tl_instance *self, struct tl_schema *schema,
                                      struct tl_error *err)
{
    static const char *const key[] = {"name", NULL};
    static const struct tl_stream accounts = {
        .table = "accounts", .primary_key = key, .deletes = TL_DELETES_SOFT};
    (void)self;
    return tl_schema_add(schema, &accounts, err);
}

static enum tl_status accounts_update(struct tl_instance *self, size_t stream,
                                      struct tl_sync *sync, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    (void)self, (void)stream;
    setpwent();
    for (struct passwd *who; status == TL_OK && (who = getpwent()) != NULL;) {
        struct tl_field row[] = {{"name", tl_string(who->pw_name)},
                                 {"uid", tl_long(who->pw_uid)},
                                 {"home", tl_string(who->pw_dir)}};
        status = tl_upsert(sync, row, 3, err);
    }
    endpwent();
    return status;
}

int main(int argc, char **argv)
{
    static const struct tl_connector accounts = {
        .name = "accounts",
        .version = "1.0",
        .summary = "the accounts of this machine",
        .options = options,
        .open = accounts_open,
        .schema = accounts_schema,
        .update = accounts_update,
    };
    return tl_main(argc, argv, &accounts);
}
