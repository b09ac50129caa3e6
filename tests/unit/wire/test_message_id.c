/* The names of calls in their ids: whose answer is one, and whose isn't. */
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/request_id.h"
#include "wire/message_id.h"

#define ME   "alice@example.org/desk"
#define PEER "calc@example.org"
#define HEAD "0123456789abcdef-2a"

struct fixture {
    struct sx_message_ids *ids;
    char name[SX_MESSAGE_ID_BYTES + 1];
};

static void make(struct fixture *fixture, const char *key, const char *own)
{
    *fixture = (struct fixture){.ids = sx_message_ids_new(key, own)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(fixture->ids);
}

static void end(struct fixture *fixture)
{
    sx_message_ids_free(fixture->ids);
}

/* The whole id, malloc'ed. */
static char *write_id(const struct fixture *fixture, const char *head, const char *name,
                      const char *peer)
{
    struct sx_buffer id = {0};
    sx_buffer_add_text(&id, head);
    sx_message_ids_write(fixture->ids, &id, head, name, peer);
    CU_ASSERT_FALSE_FATAL(id.failed);
    return id.bytes;
}

static enum sx_message_id_kind read_id(struct fixture *fixture, const char *id, const char *from)
{
    strcpy(fixture->name, "untouched");
    return sx_message_ids_read(fixture->ids, id, from, fixture->name);
}

static void an_answer_proves_its_name(void)
{
    struct fixture before, after;
    char *id;
    make(&before, "secret", ME);
    make(&after, "secret", "alice@example.org/other");
    id = write_id(&before, HEAD, "order 7 \xC3\xA4 <&>", PEER);
    CU_ASSERT_TRUE(sx_request_id_is_message(id));
    CU_ASSERT_EQUAL(strspn(id, "0123456789abcdef-."), (size_t)(strchr(id, '~') - id));
    CU_ASSERT_EQUAL(read_id(&after, id, PEER "/soap"), SX_MESSAGE_ID_PROVEN);
    ASSERT_TEXT(after.name, "order 7 \xC3\xA4 <&>");
    /* as its server may write it */
    CU_ASSERT_EQUAL(read_id(&after, id, "CALC@Example.org/x"), SX_MESSAGE_ID_PROVEN);
    free(id);
    end(&before);
    end(&after);
}

static void the_longest_name_fits_an_id(void)
{
    struct fixture fixture;
    char name[SX_MESSAGE_ID_BYTES + 1], *id;
    memset(name, 'n', SX_MESSAGE_ID_BYTES);
    name[SX_MESSAGE_ID_BYTES] = '\0';
    make(&fixture, "k", ME);
    id = write_id(&fixture, "0123456789abcdef0123456789abcdef-0123456789abcdef", name, PEER);
    CU_ASSERT_TRUE(strlen(id) <= 255);
    CU_ASSERT_EQUAL(read_id(&fixture, id, PEER), SX_MESSAGE_ID_PROVEN);
    ASSERT_TEXT(fixture.name, name);
    free(id);
    end(&fixture);
}

static void nobody_else_can_make_one(void)
{
    struct fixture fixture, other;
    char *id, *moved;
    size_t i;
    make(&fixture, "secret", ME);
    id = write_id(&fixture, HEAD, "job", PEER);
    CU_ASSERT_EQUAL(read_id(&fixture, id, "mallory@example.org/x"), SX_MESSAGE_ID_OURS);
    CU_ASSERT_EQUAL(read_id(&fixture, id, NULL), SX_MESSAGE_ID_OURS);
    ASSERT_TEXT(fixture.name, "untouched");
    for (i = 0; id[i]; i++) { /* any other byte */
        char *copy = strdup(id);
        copy[i] = copy[i] == 'a' ? 'b' : 'a';
        CU_ASSERT_NOT_EQUAL(read_id(&fixture, copy, PEER), SX_MESSAGE_ID_PROVEN);
        free(copy);
    }
    make(&other, "another", ME);
    CU_ASSERT_EQUAL(read_id(&other, id, PEER), SX_MESSAGE_ID_OURS);
    end(&other);
    make(&other, NULL, ME);
    CU_ASSERT_EQUAL(read_id(&other, id, PEER), SX_MESSAGE_ID_OURS);
    end(&other);
    make(&other, "secret", "bob@example.org/x");
    CU_ASSERT_EQUAL(read_id(&other, id, PEER), SX_MESSAGE_ID_NONE);
    end(&other);
    /* one call's name and proof behind another's head */
    moved = malloc(strlen(id) + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(moved);
    strcpy(moved, id);
    moved[strlen(HEAD) - 1] = 'b';
    CU_ASSERT_EQUAL(read_id(&fixture, moved, PEER), SX_MESSAGE_ID_OURS);
    free(moved);
    free(id);
    end(&fixture);
}

static void without_a_name_it_is_only_ours(void)
{
    struct fixture fixture, other;
    char *id;
    make(&fixture, NULL, ME);
    make(&other, NULL, PEER "/soap");
    id = write_id(&fixture, HEAD, NULL, PEER);
    CU_ASSERT_TRUE(sx_request_id_is_message(id));
    CU_ASSERT_EQUAL(read_id(&fixture, id, PEER), SX_MESSAGE_ID_OURS);
    CU_ASSERT_EQUAL(read_id(&other, id, ME), SX_MESSAGE_ID_NONE);
    free(id);
    end(&fixture);
    end(&other);
}

static void other_ids_are_nobodys(void)
{
    static const char *const ids[] = {"",
                                      "1",
                                      "~message",
                                      ".~message",
                                      "x~message",
                                      "x.y~message",
                                      "x.0123456789abcdef~message",
                                      "x.0123456789abcdef.~message",
                                      "x.0123456789abcdef.6a.~message",
                                      "x~0123456789abcdef.1",
                                      "m.~messag",
                                      (".~message.0123456789abcdef.6a."
                                       "0123456789abcdef0123456789abcdef")};
    struct fixture fixture;
    size_t i;
    make(&fixture, "secret", ME);
    for (i = 0; i < sizeof ids / sizeof *ids; i++) {
        CU_ASSERT_EQUAL(read_id(&fixture, ids[i], PEER), SX_MESSAGE_ID_NONE);
        CU_ASSERT_FALSE(sx_message_ids_is_first(fixture.ids, ids[i]));
    }
    end(&fixture);
}

static void each_is_the_first_once(void)
{
    struct fixture fixture;
    char *ids[3];
    int i;
    make(&fixture, "secret", ME);
    ids[0] = write_id(&fixture, "a-1", "job", PEER);
    ids[1] = write_id(&fixture, "a-2", "job", PEER);
    ids[2] = write_id(&fixture, "a-1", "job", "other@example.org");
    for (i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(sx_message_ids_is_first(fixture.ids, ids[i]));
        CU_ASSERT_FALSE(sx_message_ids_is_first(fixture.ids, ids[i]));
    }
    for (i = 0; i < 3; i++) {
        CU_ASSERT_FALSE(sx_message_ids_is_first(fixture.ids, ids[i]));
        free(ids[i]);
    }
    end(&fixture);
}

static bool attempt_names(struct shortage shortage)
{
    struct sx_message_ids *ids;
    bool has_failed;
    shortage_begin(shortage);
    ids = sx_message_ids_new("secret", ME);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(ids == NULL, has_failed);
    sx_message_ids_free(ids);
    return has_failed;
}
SHORTAGE_TEST(names, 3)

static bool attempt_proof(struct shortage shortage)
{
    struct fixture fixture;
    struct sx_buffer out = {0};
    char *id;
    enum sx_message_id_kind kind;
    bool has_failed;
    make(&fixture, "secret", ME);
    id = write_id(&fixture, HEAD, "job", PEER);
    shortage_begin(shortage);
    sx_message_ids_write(fixture.ids, &out, HEAD, "job", PEER);
    kind = sx_message_ids_read(fixture.ids, id, PEER, fixture.name);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(has_failed, out.failed || kind == SX_MESSAGE_ID_OURS);
    CU_ASSERT(has_failed || kind == SX_MESSAGE_ID_PROVEN);
    sx_buffer_fini(&out);
    free(id);
    end(&fixture);
    return has_failed;
}
SHORTAGE_TEST(proof, 4)

CU_TestInfo tests_message_id[] = {
    {"an answer proves its name, to another process too", an_answer_proves_its_name},
    {"the longest name fits into an id", the_longest_name_fits_an_id},
    {"nobody else can make one", nobody_else_can_make_one},
    {"without a name it is only told whose it is", without_a_name_it_is_only_ours},
    {"other ids are nobody's", other_ids_are_nobodys},
    {"each is the first once", each_is_the_first_once},
    {"without memory there are none", test_names},
    {"without memory nothing is proven", test_proof},
    CU_TEST_INFO_NULL,
};
