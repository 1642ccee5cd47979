/* Every document as it was when somebody last looked at it. After a change that
 * is meant, run this with UPDATE_GOLDEN=1 and read the diff. */
#include "files.h"
#include "scenes.h"

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* What item of one document is in the other. */
static const cJSON *same_place(const cJSON *item, const cJSON *other, int index)
{
    return item->string ? cJSON_GetObjectItemCaseSensitive(other, item->string)
                        : cJSON_GetArrayItem(other, index);
}

static const char *step(const cJSON *item)
{
    return item->string ? item->string : "[]";
}

/* Print where document and golden differ, as paths. */
static void explain(const char *path, const cJSON *document,
                    const cJSON *golden)
{
    const cJSON *child;
    char below[512];
    int i = 0;

    if (cJSON_Compare(document, golden, true))
        return;
    if (!document || !golden || !document->child || !golden->child)
        print_message("differs: %s\n", path);
    cJSON_ArrayForEach(child, document)
    {
        (void)snprintf(below, sizeof below, "%s/%s", path, step(child));
        explain(below, child, same_place(child, golden, i++));
    }
    i = 0;
    cJSON_ArrayForEach(child, golden)
    {
        if (!same_place(child, document, i++))
            print_message("only in the file: %s/%s\n", path, step(child));
    }
}

static void check(const struct scene *scene)
{
    struct buffer text = scene_document(scene);
    cJSON *document = cJSON_Parse(buffer_text(&text));
    cJSON *golden;
    char path[512];

    (void)snprintf(path, sizeof path, HERE "/golden/%s.json", scene->name);
    assert_non_null(document);
    if (getenv("UPDATE_GOLDEN"))
        file_write(path, document);
    golden = file_json(path);
    explain(scene->name, document, golden);
    assert_true(cJSON_Compare(document, golden, true));
    cJSON_Delete(golden);
    cJSON_Delete(document);
    buffer_release(&text);
}

static void documents_are_as_they_were(void **state)
{
    struct scene scene;
    size_t i;

    (void)state;
    for (i = 0; i < scene_count; i++) {
        scenes[i](&scene);
        if (scene.name)
            check(&scene);
        scene_release(&scene);
    }
}

static void the_same_facts_give_the_same_bytes(void **state)
{
    struct scene scene;
    struct buffer once, again;

    (void)state;
    scene_buddy(&scene);
    once = scene_document(&scene);
    again = scene_document(&scene);
    assert_string_equal(buffer_text(&once), buffer_text(&again));
    buffer_release(&once);
    buffer_release(&again);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_as_they_were),
        cmocka_unit_test(the_same_facts_give_the_same_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
