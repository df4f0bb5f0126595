/* What the operations mean, the same in every destination: a table of cases, run against each.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <unistd.h>

#include "adapter_sqlite.h"
#include "script.h"

static const struct adapter *const adapters[] = {&adapter_sqlite};

struct expectation {
    const char *name;
    const char *script;
    const char *rows;          /* of table t */
    const char *tally;         /* inserted, updated, unchanged, deleted */
    enum tl_status fails_with; /* TL_OK: the script succeeds */
    const char *table;         /* other than t */
};

static const struct expectation expectations[] = {
    {"upsert inserts", "upsert id=1 a='x' ; id=2 a='y'\ncommit", "id=1 a='x'\nid=2 a='y'\n",
     "2 0 0 0", TL_OK, NULL},
    {"upsert replaces the row whole: absent columns become null",
     "upsert id=1 a='x' b=2\nupsert id=1 b=3\ncommit", "id=1 a=null b=3\n", "1 1 0 0", TL_OK,
     NULL},
    {"a value where there was none, and none where there was one",
     "upsert id=1 a='x' ; id=2 a=null\nupsert id=1 ; id=2 a='y'\ncommit",
     "id=1 a=null\nid=2 a='y'\n", "2 2 0 0", TL_OK, NULL},
    {"several converted values in one row",
     "upsert id=1 a='x' b='y' c={}\nupsert id=2 a=10 b=2.5 c=true ; id=3 a=11 b=3.5 "
     "c='z'\ncommit",
     "id=1 a='x' b='y' c='{}'\nid=2 a='10' b='2.5' c='\"true\"'\nid=3 a='11' b='3.5' "
     "c='\"z\"'\n",
     "3 0 0 0", TL_OK, NULL},
    {"upsert of the same row is unchanged",
     "upsert id=1 a='x'\ncommit\nupsert id=1 a='x'\ncommit", "id=1 a='x'\n", "1 0 1 0", TL_OK,
     NULL},
    {"a null that is null already is unchanged",
     "upsert id=1 a='x' ; id=2\nupsert id=2 a=null\ncommit", "id=1 a='x'\nid=2 a=null\n",
     "2 0 1 0", TL_OK, NULL},
    {"keys repeated in one batch: the last wins",
     "upsert id=1 a='x' ; id=1 a='y' ; id=1 a='y' ; id=2 a='z'\ncommit",
     "id=1 a='y'\nid=2 a='z'\n", "2 1 1 0", TL_OK, NULL},
    {"a row as it is after one of its key that differs",
     "upsert id=1 a='x'\ncommit\nupsert id=1 a='y' ; id=1 a='x'\ncommit", "id=1 a='x'\n",
     "1 2 0 0", TL_OK, NULL},
    {"a row as it is before one of its key that differs",
     "upsert id=1 a='x'\ncommit\nupsert id=1 a='x' ; id=1 a='y'\ncommit", "id=1 a='y'\n",
     "1 1 1 0", TL_OK, NULL},
    {"unchanged rows among others",
     "upsert id=1 a='x' ; id=2 a='x' ; id=4 a='x' ; id=9 a='x'\ncommit\n"
     "upsert id=1 a='x' ; id=2 a='y' ; id=3 a='x' ; id=4 a='x' ; id=5 a=null\ncommit",
     "id=1 a='x'\nid=2 a='y'\nid=3 a='x'\nid=4 a='x'\nid=5 a=null\nid=9 a='x'\n", "6 1 2 0",
     TL_OK, NULL},
    {"a row of nothing but its key", "upsert id=1 ; id=1 ; id=2\ncommit", "id=1\nid=2\n",
     "2 0 1 0", TL_OK, NULL},
    {"update changes only what it names", "upsert id=1 a='x' b=2\nupdate id=1 b=3\ncommit",
     "id=1 a='x' b=3\n", "1 1 0 0", TL_OK, NULL},
    {"update to null", "upsert id=1 a='x' b=2\nupdate id=1 a=null\ncommit", "id=1 a=null b=2\n",
     "1 1 0 0", TL_OK, NULL},
    {"update to what is there already", "upsert id=1 a='x'\nupdate id=1 a='x'\ncommit",
     "id=1 a='x'\n", "1 0 1 0", TL_OK, NULL},
    {"update of an unknown key does nothing", "upsert id=1 a='x'\nupdate id=2 a='y'\ncommit",
     "id=1 a='x'\n", "1 0 0 0", TL_OK, NULL},
    {"updates that name different columns",
     "upsert id=1 a=1 b=1 ; id=2 a=1 b=1\nupdate id=1 a=2 ; id=2 b=2 ; id=1 a=3 b=3\ncommit",
     "id=1 a=3 b=3\nid=2 a=1 b=2\n", "2 3 0 0", TL_OK, NULL},
    {"update of nothing but the key", "upsert id=1 a=1\nupdate id=1\ncommit", "id=1 a=1\n",
     "1 0 0 0", TL_OK, NULL},
    {"update brings a new column", "upsert id=1 a='x'\nupdate id=1 b='y'\ncommit",
     "id=1 a='x' b='y'\n", "1 1 0 0", TL_OK, NULL},
    {"delete is soft", "upsert id=1 a='x' ; id=2 a='y'\ndelete id=1\ncommit",
     "id=1 a='x' deleted\nid=2 a='y'\n", "2 0 0 1", TL_OK, NULL},
    {"delete of an unknown key does nothing", "upsert id=1 a='x'\ndelete id=2\ncommit",
     "id=1 a='x'\n", "1 0 0 0", TL_OK, NULL},
    {"delete twice counts once", "upsert id=1 a='x'\ndelete id=1 ; id=1\ndelete id=1\ncommit",
     "id=1 a='x' deleted\n", "1 0 0 1", TL_OK, NULL},
    {"upsert revives what was deleted",
     "upsert id=1 a='x'\ndelete id=1\nupsert id=1 a='x'\ncommit", "id=1 a='x'\n", "1 1 0 1",
     TL_OK, NULL},
    {"update leaves a deleted row deleted",
     "upsert id=1 a='x'\ndelete id=1\nupdate id=1 a='y'\ncommit", "id=1 a='y' deleted\n",
     "1 1 0 1", TL_OK, NULL},
    {"truncate deletes what was synced before, not after",
     "upsert id=1 a='x' ; id=2 a='y'\ntruncate\nupsert id=2 a='y' ; id=3 a='z'\ncommit",
     "id=1 a='x' deleted\nid=2 a='y'\nid=3 a='z'\n", "3 1 0 2", TL_OK, NULL},
    {"truncate twice counts once", "upsert id=1\ntruncate\ntruncate\ncommit", "id=1 deleted\n",
     "1 0 0 1", TL_OK, NULL},
    {"rollback undoes rows, columns and tables",
     "upsert id=1 a='x'\ncommit\nupsert id=1 a='y' b=1 ; id=2\nrollback\nupsert id=3 "
     "a='z'\ncommit",
     "id=1 a='x'\nid=3 a='z'\n", "3 1 0 0", TL_OK, NULL},
    {"what is not committed is gone", "upsert id=1 a='x'\ncommit\nupsert id=2\nreopen",
     "id=1 a='x'\n", "2 0 0 0", TL_OK, NULL},
    {"a table made and not committed is gone",
     "table u id\nupsert id=1\ncommit\ntable t id\nupsert id=1\nreopen", "absent\n", "2 0 0 0",
     TL_OK, NULL},
    {"sweep deletes softly what was not seen",
     "upsert id=1 ; id=2 ; id=3\ncommit\nsweep\nupsert id=2 ; id=4\nsweep soft\ncommit",
     "id=1 deleted\nid=2\nid=3 deleted\nid=4\n", "4 0 1 2", TL_OK, NULL},
    {"sweep deletes for good what was not seen",
     "upsert id=1 ; id=2 ; id=3\ncommit\nsweep\nupsert id=2 ; id=4\nsweep hard\ncommit",
     "id=2\nid=4\n", "4 0 1 2", TL_OK, NULL},
    {"sweep counts only what changes",
     "upsert id=1 ; id=2\ndelete id=1\ncommit\nsweep\nupsert id=2\nsweep soft\ncommit",
     "id=1 deleted\nid=2\n", "2 0 1 1", TL_OK, NULL},
    {"sweep of a table that it began without deletes nothing",
     "sweep\nupsert id=1 ; id=2\nsweep hard\ncommit", "id=1\nid=2\n", "2 0 0 0", TL_OK, NULL},
    {"sweep over commits",
     "upsert id=1 ; id=2 ; id=3\ncommit\nsweep\nupsert id=1\ncommit\nupsert "
     "id=3\ncommit\nsweep "
     "hard\ncommit",
     "id=1\nid=3\n", "3 0 2 1", TL_OK, NULL},
    {"sweep of text keys",
     "upsert id='b' ; id='a' ; id='c'\ncommit\nsweep\nupsert id='c' ; id='a' ; id='d'\nsweep "
     "hard\ncommit",
     "id='a'\nid='c'\nid='d'\n", "4 0 2 1", TL_OK, NULL},
    {"sweep of keys far apart",
     "upsert id=-9223372036854775808 ; id=0 ; id=9223372036854775807\ncommit\nsweep\nupsert "
     "id=9223372036854775807 ; id=-9223372036854775808\nsweep hard\ncommit",
     "id=-9223372036854775808\nid=9223372036854775807\n", "3 0 2 1", TL_OK, NULL},
    {"sweep while a key widens",
     "upsert id=10 ; id=20 ; id=30\ncommit\nsweep\nupsert id=10\nupsert id='a' ; "
     "id='30'\nsweep "
     "hard\ncommit",
     "id='10'\nid='30'\nid='a'\n", "4 0 2 1", TL_OK, NULL},
    {"sweep of one scope deletes softly only there",
     "table t p,id\nupsert p='a' id=1 ; p='b' id=1 ; p='a' id=2\ncommit\nsweep\nupsert p='a' "
     "id=2 ; p='a' id=3\nsweep soft p='a'\ncommit",
     "p='a' id=1 deleted\np='a' id=2\np='a' id=3\np='b' id=1\n", "4 0 1 1", TL_OK, NULL},
    {"sweep of one scope deletes for good only there, however the rows are mixed",
     "table t p,id\nupsert p='b' id=3 ; p='a' id=9 ; p='b' id=2 ; p='a' id=1 ; p='b' "
     "id=1\ncommit\nsweep\nupsert p='b' id=2\nsweep hard p='b'\ncommit",
     "p='a' id=1\np='a' id=9\np='b' id=2\n", "5 0 1 2", TL_OK, NULL},
    {"truncate of one scope leaves the others",
     "table t p,id\nupsert p='a' id=1 ; p='b' id=1\ntruncate p='b'\ncommit",
     "p='a' id=1\np='b' id=1 deleted\n", "2 0 0 1", TL_OK, NULL},
    {"rollback ends a sweep",
     "upsert id=1 ; id=2\ncommit\nsweep\nupsert id=1\nrollback\nsweep hard\ncommit",
     "id=1\nid=2\n", "2 0 1 0", TL_OK, NULL},
    {"composite keys",
     "table t a,b\nupsert a=1 b='x' v=1 ; a=1 b='y' v=2 ; a=2 b='x' v=3\nupsert a=1 b='y' "
     "v=4\ndelete a=2 b='x'\nupdate a=1 b='x' v=5\ncommit",
     "a=1 b='x' v=5\na=1 b='y' v=4\na=2 b='x' v=3 deleted\n", "3 2 0 1", TL_OK, NULL},
    {"the key's order is not the columns'",
     "table t b,a\nupsert a=1 b=2 v=1\nupsert a=2 b=1 v=2\nupsert v=3 b=2 a=1\ncommit",
     "a=1 b=2 v=3\na=2 b=1 v=2\n", "2 1 0 0", TL_OK, NULL},
    {"text keys keep their text",
     "upsert id='007' v=1 ; id='7' v=2 ; id='' v=3 ; id='7 ' v=4\ncommit",
     "id='' v=3\nid='007' v=1\nid='7' v=2\nid='7 ' v=4\n", "4 0 0 0", TL_OK, NULL},
    {"boolean, double and decimal keys",
     "upsert id=true v=1 ; id=false v=2\nupsert id=true v=3\ncommit", "id=0 v=2\nid=1 v=3\n",
     "2 1 0 0", TL_OK, NULL},
    {"keys beyond 64 bits", "upsert id=18446744073709551615 ; id=18446744073709551616\ncommit",
     "id='18446744073709551615'\nid='18446744073709551616'\n", "2 0 0 0", TL_OK, NULL},
    {"a null key is refused", "upsert id=1 v=1\nupsert id=null v=2", "absent\n", "1 0 0 0",
     TL_DATA, NULL},
    {"an absent key is refused", "upsert id=1 v=1\ncommit\nupsert v=2\ncommit", "id=1 v=1\n",
     "1 0 0 0", TL_DATA, NULL},
    {"integers at the edges",
     "upsert id=1 v=9223372036854775807 ; id=2 v=-9223372036854775808 ; id=3 "
     "v=9007199254740993\ncommit",
     "id=1 v=9223372036854775807\nid=2 v=-9223372036854775808\nid=3 v=9007199254740993\n",
     "3 0 0 0", TL_OK, NULL},
    {"numbers that no double holds",
     "upsert id=1 v=0.1234567890123456789012345 ; id=2 v=1e400 ; id=3 v=1.10 ; id=4 "
     "v=7\ncommit",
     "id=1 v='0.1234567890123456789012345'\nid=2 v='1e400'\nid=3 v='1.1'\nid=4 v='7'\n",
     "4 0 0 0", TL_OK, NULL},
    {"text that looks like a number",
     "upsert id=1 v='007' ; id=2 v='1e3' ; id=3 v='1.10' ; id=4 v='18446744073709551615' ; "
     "id=5 "
     "v=' 1'\ncommit",
     "id=1 v='007'\nid=2 v='1e3'\nid=3 v='1.10'\nid=4 v='18446744073709551615'\nid=5 v=' 1'\n",
     "5 0 0 0", TL_OK, NULL},
    {"U+0000 in text", "upsert id=1 v='a\\0b' ; id=2 v='a' ; id=3 v='\\0'\ncommit",
     "id=1 v='a\\0b'\nid=2 v='a'\nid=3 v='\\0'\n", "3 0 0 0", TL_OK, NULL},
    {"U+0000 tells rows apart", "upsert id=1 v='a\\0b'\nupsert id=1 v='a\\0c'\ncommit",
     "id=1 v='a\\0c'\n", "1 1 0 0", TL_OK, NULL},
    {"U+0000 in keys", "upsert id='a\\0b' ; id='a' ; id='a\\0b'\ncommit",
     "id='a'\nid='a\\0b'\n", "2 0 1 0", TL_OK, NULL},
    {"nested values are compact text", "upsert id=1 v={\"a\":[1,2.50]} ; id=2 v=[]\ncommit",
     "id=1 v='{\"a\":[1,2.50]}'\nid=2 v='[]'\n", "2 0 0 0", TL_OK, NULL},
    {"dates keep their text", "upsert id=1 v='2026-01-02T03:04:05+01:00'\ncommit",
     "id=1 v='2026-01-02T03:04:05+01:00'\n", "1 0 0 0", TL_OK, NULL},
    {"bytes", "upsert id=1 v=x:ab\ncommit", "id=1 v=bytes:6162\n", "1 0 0 0", TL_OK, NULL},
    {"a column of only nulls, and its first value",
     "upsert id=1 n=null\ncommit\nreopen\nupsert id=2 n='x'\ncommit\nupsert id=2 n='y'\ncommit",
     "id=1 n=null\nid=2 n='y'\n", "2 1 0 0", TL_OK, NULL},
    {"a column widens while its table grows another",
     "upsert id=1 a=1 b=1\ncommit\nupsert id=2 a='x' c=1 b={} d=2\ncommit",
     "id=1 a='1' b='1' c=null d=null\nid=2 a='x' b='{}' c=1 d=2\n", "2 0 0 0", TL_OK, NULL},
    {"what widened is known after opening again",
     "upsert id=1 a=1\ncommit\nreopen\nupsert id=1 a='x' ; id=2 a=2\ncommit\nreopen\nupsert "
     "id=2 "
     "a=2 ; id=3 a=true\ncommit",
     "id=1 a='x'\nid=2 a='2'\nid=3 a='true'\n", "3 1 1 0", TL_OK, NULL},
    {"after widening, the same values are unchanged",
     "upsert id=1 a=1 ; id=2 a=2.5\ncommit\nupsert id=3 a='x'\nupsert id=1 a=1 ; id=2 "
     "a=2.5\ncommit",
     "id=1 a='1'\nid=2 a='2.5'\nid=3 a='x'\n", "3 0 2 0", TL_OK, NULL},
    {"a declared column holds what it is declared as",
     "declare a STRING\nupsert id=1 a='1'\ncommit", "id=1 a='1'\n", "1 0 0 0", TL_OK, NULL},
    {"reserved words are names like others",
     "table t select\nupsert select=1 from='x' group=2 values=3\nupsert select=1 "
     "from='y'\ncommit",
     "select=1 from='y' group=null values=null\n", "1 1 0 0", TL_OK, NULL},
    {"names with quotes, brackets and semicolons",
     "upsert id=1 a\"b'c[d]`e=1 x,(y)--z=2\nupsert id=2 a\"b'c[d]`e='t' x,(y)--z='u'\ncommit",
     "id=1 a\"b'c[d]`e='1' x,(y)--z='2'\nid=2 a\"b'c[d]`e='t' x,(y)--z='u'\n", "2 0 0 0", TL_OK,
     NULL},
    {"Unicode names, which no case joins", "upsert id=1 ä=1 Ä=2 名=3\ncommit",
     "id=1 ä=1 Ä=2 名=3\n", "1 0 0 0", TL_OK, NULL},
    {"a table named after what the statements use",
     "table excluded id\nupsert id=1 old=1 c0=2\n"
     "upsert id=1 old=2 c0=3\ncommit",
     "id=1 old=2 c0=3\n", "1 1 0 0", TL_OK, "excluded"},
    {"U+0000 in a column's name", "upsert id=1 a\\0b=1 a=2 a\\0c=3\ncommit",
     "id=1 a_b=1 a=2 a_c=3\n", "1 0 0 0", TL_OK, NULL},
    {"the empty name", "upsert id=1 =2 _empty=3\nupsert id=1 =4\ncommit",
     "id=1 _empty=4 _empty_2=null\n", "1 1 0 0", TL_OK, NULL},
    {"names that are Towline's", "upsert id=1 _towline_synced=2 _TOWLINE_deleted=3\ncommit",
     "id=1 _towline_synced_2=2 _TOWLINE_deleted_2=3\n", "1 0 0 0", TL_OK, NULL},
};

/* Names that differ in case only are told apart in every destination, but not by the same name.
 */
static const struct expectation folding_expectations[] = {
    {"ID and id", "upsert id=1 ID=2\ncommit\nreopen\nupsert ID=3 id=1 Id=4\ncommit",
     "id=1 ID_2=3 Id_3=4\n", "1 1 0 0", TL_OK, NULL},
    {"a name that is taken by one that was made",
     "upsert id=1 ID=2 id_2=3\ncommit\nreopen\nupsert id_2=5 ID=4 id=1\ncommit",
     "id=1 ID_2=4 id_2_2=5\n", "1 1 0 0", TL_OK, NULL},
};

struct place {
    const struct adapter *adapter;
    char folder[64];
    struct buf url;
};

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static void place_open(struct place *place, const struct adapter *adapter)
{
    *place = (struct place){.adapter = adapter, .url = BUF_INIT(4096)};
    strcpy(place->folder, "/tmp/towline-conformance-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    adapter->url(place->folder, &place->url);
}

static void place_close(struct place *place)
{
    buf_free(&place->url);
    nftw(place->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct destination_ops *ops_of(const struct adapter *adapter)
{
    for (size_t i = 0; destination_list[i] != NULL; i++)
        if (strcmp(destination_list[i]->scheme, adapter->scheme) == 0)
            return destination_list[i];
    return NULL;
}

static struct script script_at(const struct place *place, enum destination_mode mode)
{
    return (struct script){
        .ops = ops_of(place->adapter), .url = buf_text(&place->url), .mode = mode};
}

static void check_text(const char *name, const char *what, const char *expected,
                       const char *found)
{
    if (strcmp(expected, found) != 0)
        fail_msg("%s: %s\nexpected: %s\nfound:    %s", name, what, expected, found);
}

static void check_run(const struct expectation *expectation, const struct place *place,
                      enum destination_mode mode)
{
    struct script script = script_at(place, mode);
    struct tl_error err = {0};
    char tally[96];

    enum tl_status status = script_run(&script, expectation->script, &err);
    if (status != expectation->fails_with)
        fail_msg("%s: %s: %s", expectation->name, tl_status_name(status), err.message);
    snprintf(tally, sizeof(tally), "%d %d %d %d", (int)script.tally.inserted,
             (int)script.tally.updated, (int)script.tally.unchanged, (int)script.tally.deleted);
    check_text(expectation->name, "tally", expectation->tally, tally);
}

static void check_rows(const struct expectation *expectation, const struct place *place)
{
    struct buf rows = BUF_INIT(1 << 20);

    place->adapter->read(buf_text(&place->url), expectation->table ? expectation->table : "t",
                         &rows);
    check_text(expectation->name, "rows", expectation->rows, buf_text(&rows));
    buf_free(&rows);
}

/* Whether a script can be tried without being done: it must not expect to find its own commits.
 */
static bool is_tried_dry(const struct expectation *expectation)
{
    return strstr(expectation->script, "reopen") == NULL;
}

static void check_expectation(const struct expectation *expectation,
                              const struct adapter *adapter)
{
    struct place place;

    place_open(&place, adapter);
    if (is_tried_dry(expectation)) {
        check_run(expectation, &place, DESTINATION_DRY_RUN);
        assert_int_equal(rmdir(place.folder), 0); /* nothing was left in it */
        assert_int_equal(mkdir(place.folder, 0700), 0);
    }
    check_run(expectation, &place, DESTINATION_WRITE);
    check_rows(expectation, &place);
    place_close(&place);
}

static void test_expectations(void **state)
{
    const struct adapter *adapter = *state;

    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
        check_expectation(&expectations[i], adapter);
    for (size_t i = 0; ops_of(adapter)->traits.folds_case &&
                       i < sizeof(folding_expectations) / sizeof(folding_expectations[0]);
         i++)
        check_expectation(&folding_expectations[i], adapter);
}

static const char *const samples[] = {
    "null",
    "true",
    "7",
    "9007199254740993",
    "1.5",
    "1e400",
    "'2026-01-02'",
    "'2026-01-02T03:04:05'",
    "'2026-01-02T03:04:05Z'",
    "x:ab",
    "'text'",
    "'12'",
    "{\"a\":1}",
};

enum { N_SAMPLES = sizeof(samples) / sizeof(samples[0]) };

/* The table that a script leaves. */
static char *table_after(const struct adapter *adapter, const char *text)
{
    struct buf rows = BUF_INIT(1 << 20);
    struct tl_error err = {0};
    struct place place;

    place_open(&place, adapter);
    struct script script = script_at(&place, DESTINATION_WRITE);
    if (script_run(&script, text, &err) != TL_OK)
        fail_msg("%s: %s", text, err.message);
    adapter->read(buf_text(&place.url), "t", &rows);
    place_close(&place);
    return buf_take(&rows);
}

/* A column that holds two values is the same whichever came first, and when. */
static void check_pair(const struct adapter *adapter, const char *a, const char *b)
{
    char scripts[4][256];
    char *first = NULL;

    snprintf(scripts[0], sizeof(scripts[0]), "upsert id=1 v=%s ; id=2 v=%s\ncommit", a, b);
    snprintf(scripts[1], sizeof(scripts[1]),
             "upsert id=1 v=%s\ncommit\nupsert id=2 v=%s\ncommit", a, b);
    snprintf(scripts[2], sizeof(scripts[2]),
             "upsert id=2 v=%s\ncommit\nreopen\nupsert id=1 v=%s\ncommit", b, a);
    snprintf(scripts[3], sizeof(scripts[3]),
             "upsert id=2 v=%s\nupsert id=1 v=%s\nupsert id=2 v=%s\ncommit", b, a, b);
    for (size_t i = 0; i < 4; i++) {
        char *table = table_after(adapter, scripts[i]);
        if (first == NULL)
            first = table;
        check_text(scripts[0], scripts[i], first, table);
        if (table != first)
            free(table);
    }
    free(first);
}

static void test_widening_pairs(void **state)
{
    for (size_t a = 0; a < N_SAMPLES; a++)
        for (size_t b = 0; b < N_SAMPLES; b++)
            if (strcmp(samples[a], "null") != 0 || strcmp(samples[b], "null") != 0)
                check_pair(*state, samples[a], samples[b]);
}

static void check_state(const struct place *place, const char *expected)
{
    struct buf found = BUF_INIT(4096);

    place->adapter->state(buf_text(&place->url), "s", &found);
    check_text("state", "saved", expected, buf_text(&found));
    buf_free(&found);
}

static void run_at(const struct place *place, enum destination_mode mode, const char *text,
                   enum tl_status expected)
{
    struct script script = script_at(place, mode);
    struct tl_error err = {0};
    enum tl_status status = script_run(&script, text, &err);

    if (status != expected)
        fail_msg("%s: %s: %s", text, tl_status_name(status), err.message);
}

static void test_state_goes_with_its_rows(void **state)
{
    struct place place;

    place_open(&place, *state);
    run_at(&place, DESTINATION_WRITE, "upsert id=1\ncommit {\"at\":1}", TL_OK);
    check_state(&place, "{\"at\":1}");
    run_at(&place, DESTINATION_WRITE, "upsert id=2\ncommit", TL_OK);
    check_state(&place, "{\"at\":1}");
    run_at(&place, DESTINATION_WRITE, "upsert id=3\nupsert id=null\ncommit {\"at\":2}",
           TL_DATA);
    check_state(&place, "{\"at\":1}");
    run_at(&place, DESTINATION_DRY_RUN, "upsert id=3\ncommit {\"at\":3}", TL_OK);
    check_state(&place, "{\"at\":1}");
    place_close(&place);
}

static void test_state_is_loaded_and_removed(void **state)
{
    struct tl_error err = {0};
    struct place place;

    place_open(&place, *state);
    run_at(&place, DESTINATION_WRITE, "upsert id=1\ncommit {\"at\":1}", TL_OK);
    struct script script = script_at(&place, DESTINATION_WRITE);
    assert_int_equal(script_open(&script, &err), TL_OK);
    assert_int_equal(script.contents.n_states, 1);
    assert_string_equal(script.contents.states[0].json, "{\"at\":1}");
    assert_int_equal(script.ops->commit(script.destination, "s", "", NULL, &err), TL_OK);
    destination_contents_reset(&script.contents);
    assert_int_equal(script.ops->load(script.destination, &script.contents, &err), TL_OK);
    assert_int_equal(script.contents.n_states, 0);
    script_close(&script);
    place_close(&place);
}

static void test_runs_are_numbered(void **state)
{
    struct tl_error err = {0};
    struct place place;
    struct run_record record = {
        .stream = "s", .started_us = 1, .status = "running", .error = "", .rows_read = 3};

    place_open(&place, *state);
    for (int64_t run = 1; run <= 3; run++) {
        struct script script = script_at(&place, DESTINATION_WRITE);
        assert_int_equal(script_open(&script, &err), TL_OK);
        assert_int_equal(script.contents.next_run, run);
        record.run = script.contents.next_run;
        assert_int_equal(script.ops->commit(script.destination, "s", NULL, &record, &err),
                         TL_OK);
        record.finished_us = 2;
        assert_int_equal(script.ops->commit(script.destination, "s", NULL, &record, &err),
                         TL_OK);
        script_close(&script);
    }
    place_close(&place);
}

static void test_reading_finds_what_was_committed(void **state)
{
    struct tl_error err = {0};
    struct place place;

    place_open(&place, *state);
    struct script script = script_at(&place, DESTINATION_READ);
    assert_int_equal(script_open(&script, &err), TL_OK); /* of nothing */
    assert_int_equal(script.contents.catalog.n_tables, 0);
    assert_int_equal(script.contents.next_run, 1);
    script_close(&script);
    run_at(&place, DESTINATION_WRITE, "upsert id=1 a='x'\ncommit {}", TL_OK);
    assert_int_equal(script_open(&script, &err), TL_OK);
    assert_int_equal(script.contents.catalog.n_tables, 1);
    assert_string_equal(script.contents.catalog.tables[0]->columns[1].name, "a");
    assert_int_equal(script.contents.n_states, 1);
    script_close(&script);
    place_close(&place);
}

static void reset_at(struct place *place, const char *const *streams)
{
    struct script script = script_at(place, DESTINATION_WRITE);
    struct tl_error err = {0};

    assert_int_equal(script_open(&script, &err), TL_OK);
    assert_int_equal(script.ops->reset(script.destination, streams, &err), TL_OK);
    script_close(&script);
}

static void test_reset_removes_what_is_named(void **state)
{
    const char *const first[] = {"t", "never", NULL}, *const last[] = {"u", NULL};
    struct place place;

    place_open(&place, *state);
    run_at(&place, DESTINATION_WRITE, "upsert id=1\ntable u id\nupsert id=1\ncommit {}", TL_OK);
    reset_at(&place, first);
    check_rows(&(struct expectation){.name = "reset", .rows = "absent\n"}, &place);
    struct script script = script_at(&place, DESTINATION_READ);
    struct tl_error err = {0};
    assert_int_equal(script_open(&script, &err), TL_OK);
    assert_int_equal(script.contents.catalog.n_tables, 1);
    assert_string_equal(script.contents.catalog.tables[0]->name, "u");
    script_close(&script);
    reset_at(&place, last);
    check_rows(&(struct expectation){.name = "reset", .rows = "absent\n"}, &place);
    run_at(&place, DESTINATION_WRITE, "upsert id=2\ncommit {}", TL_OK);
    check_rows(&(struct expectation){.name = "reset", .rows = "id=2\n"}, &place);
    place_close(&place);
}

int main(void)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof(adapters) / sizeof(adapters[0]); i++) {
        void *adapter = (void *)(uintptr_t)adapters[i];
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_prestate(test_expectations, adapter),
            cmocka_unit_test_prestate(test_widening_pairs, adapter),
            cmocka_unit_test_prestate(test_state_goes_with_its_rows, adapter),
            cmocka_unit_test_prestate(test_state_is_loaded_and_removed, adapter),
            cmocka_unit_test_prestate(test_runs_are_numbered, adapter),
            cmocka_unit_test_prestate(test_reading_finds_what_was_committed, adapter),
            cmocka_unit_test_prestate(test_reset_removes_what_is_named, adapter),
        };
        failed += cmocka_run_group_tests_name(adapters[i]->scheme, tests, NULL, NULL);
    }
    return failed;
}
