/* What each slicer writes, line by line as it stands in its files. */
#include "bridge/metadata/facts.h"
#include "tests/unit.h"

static const struct {
    const char *name, *lines;
    double weight, length, layer;
    int64_t seconds;
    const char *types;
} slicers[] = {
    {"PrusaSlicer, one extruder",
     "filament used [mm] = 1504.88\nfilament used [cm3] = 3.62\n"
     "filament used [g] = 4.49\ntotal filament used [g] = 4.49\n"
     "estimated printing time (normal mode) = 19m 11s\n"
     "estimated printing time (silent mode) = 21m 0s\n"
     "estimated first layer printing time (normal mode) = 19s\n"
     "first_layer_height = 0.35\nfilament_type = PLA\nlayer_height = 0.2\n",
     4.49, 1504.88, 0.2, 1151, "PLA"},
    {"PrusaSlicer, the second of three is not used",
     "filament used [mm] = 796.63, 0.00, 693.81\n"
     "filament used [g] = 2.38, 0.00, 1.84\n"
     "total filament used for wipe tower [g] = 0.00\n"
     "filament_type = PLA;PETG;TPU\n",
     4.22, 1490.44, 0, 0, "PLA, TPU"},
    {"the total is what the slicer shows",
     "filament used [g] = 2.38, 1.84\ntotal filament used [g] = 4.21\n"
     "filament used [g] = 2.38, 1.84\n",
     4.21, 0, 0, 0, ""},
    {"types that come before the lengths",
     "filament_type=PLA;PETG\nfilament used [mm]=0.00, 5.00\n", 0, 5, 0, 0,
     "PETG"},
    {"a little of a tool is 0.00 g",
     "filament used [g] = 5.00, 0.00\nfilament used [mm] = 1600.00, 0.90\n"
     "filament_type = PLA;PVB\n",
     5, 1600.9, 0, 0, "PLA, PVB"},
    {"five slots of one kind, lengths of one",
     "filament used [mm] = 10.0\nfilament_type = PLA;PLA;PETG;PLA;PLA\n", 0, 10,
     0, 0, "PLA, PETG"},
    {"SuperSlicer quotes", "filament_type = \"PLA\";\"PC Blend\"\n", 0, 0, 0, 0,
     "PLA, PC Blend"},
    {"OrcaSlicer, its header only",
     "total layer number: 100\ntotal filament length [mm] : 1832.49,12.00\n"
     "total filament weight [g] : 5.55,0.04\nmax_z_height: 20.00\n"
     "model printing time: 23m 11s; total estimated time: 29m 14s\n",
     5.59, 1844.49, 0, 1754, ""},
    {"OrcaSlicer, header and tail",
     "total filament weight [g] : 5.50\nfilament used [mm] = 1832.49\n"
     "total filament used [g] = 5.55\nfilament used [g] = 5.55\n"
     "estimated printing time (normal mode) = 29m 14s\n",
     5.55, 1832.49, 0, 1754, ""},
    {"Slic3r, two extruders",
     "filament used = 878.1mm (2.1cm3)\nfilament used = 2.6g\n"
     "filament used = 719.7mm (1.7cm3)\nfilament used = 2.2g\n"
     "total filament cost = 0.0\nlayer_height = 0.25\n",
     4.8, 1597.8, 0.25, 0, ""},
    {"Cura", "TIME:1234\nFilament used: 1.2m, 0.35m\nLayer height: 0.16\n", 0,
     1550, 0.16, 1234, ""},
    {"Cura, with what its users add for Klipper",
     "Filament used: 1.2m\nFilament type = PLA\nFilament weight = [3.6]\n", 3.6,
     1200, 0, 0, "PLA"},
    {"CuraEngine alone", "TIME:6666\nFilament used: 0m\nLayer height: 0.2\n", 0,
     0, 0.2, 0, ""},
    {"Simplify3D",
     "Build time: 1 hour 23 minutes\nFilament length: 1234.5 mm (1.23 m)\n"
     "Plastic volume: 2969.3 mm^3 (2.97 cc)\n"
     "Plastic weight: 3.71 g (0.01 lb)\n",
     3.71, 1234.5, 0, 4980, ""},
    {"no density", "filament used [g] = 0.00\ntotal filament used [g] = 0.00\n",
     0, 0, 0, 0, ""},
};

static const char *const nonsense[] = {
    "total filament used [g] = nan",
    "total filament used [g] = inf",
    "total filament used [g] = -4",
    "total filament used [g] = 4 tons",
    "total filament used [g] = 999999999",
    "total filament used [g] =",
    "total filament used [g]",
    "xtotal filament used [g] = 4",
    "total filament used [g]x = 4",
    "filament used = 4",
    "filament used = 4 miles",
    "layer_height = 0.2mm",
    "layer_height = 101",
    "layer_height = ,",
    "TIME:12:30",
    "TIME:99999999999",
    "estimated printing time = soon",
    "estimated printing time = 999999999d",
    "filament_type =",
    "filament_type = ;;;",
    "filament_type = \"\"",
    "=",
    ":",
    "",
    "a key that is so long that nobody would ever want to call anything so = 5",
};

static void read_lines(struct facts *f, const char *lines)
{
    char line[200];

    while (*lines) {
        size_t len = strcspn(lines, "\n");

        assert_true(len < sizeof line);
        memcpy(line, lines, len);
        line[len] = '\0';
        facts_line(f, line);
        lines += len + (lines[len] != '\0');
    }
}

static void slicers_are_understood(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(slicers); i++) {
        struct facts f = {.types = ""};

        ROW(slicers[i].name);
        read_lines(&f, slicers[i].lines);
        assert_near(f.found.weight_g, slicers[i].weight, 1e-6);
        assert_near(f.found.length_mm, slicers[i].length, 1e-6);
        assert_near(f.found.layer_height_mm, slicers[i].layer, 1e-6);
        assert_int_equal(f.found.seconds, slicers[i].seconds);
        assert_string_equal(f.found.types, slicers[i].types);
    }
}

static void nonsense_is_ignored(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(nonsense); i++) {
        struct facts f = {.types = ""};
        bool known;

        facts_line(&f, nonsense[i]);
        known = f.found.weight_g > 0 || f.found.length_mm > 0 ||
                f.found.layer_height_mm > 0 || f.found.seconds ||
                f.found.types[0];
        if (known)
            ROW(nonsense[i]);
        assert_false(known);
    }
}

static void types_become_clean_text(void **state)
{
    struct facts f = {.types = ""};

    (void)state;
    facts_line(&f, "filament_type = PL\x01"
                   "A\xff;a name that goes on and on and on");
    assert_string_equal(f.found.types, "PL A\xef\xbf\xbd, a name that goes on");
}

static void sums_stay_within_bounds(void **state)
{
    struct facts f = {.types = ""};
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        facts_line(&f, "filament used = 400000g");
    assert_near(f.found.weight_g, 800000, 1e-6);
}

static void all_is_known_when_the_best_is(void **state)
{
    struct facts f = {.types = ""};

    (void)state;
    read_lines(&f, "filament_type=PLA\nlayer_height=0.2\n"
                   "filament used [mm]=5\nfilament used [g]=1\n");
    assert_false(facts_complete(&f));
    read_lines(&f, "estimated printing time (normal mode)=5s\n");
    assert_true(facts_complete(&f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slicers_are_understood),
        cmocka_unit_test(nonsense_is_ignored),
        cmocka_unit_test(types_become_clean_text),
        cmocka_unit_test(sums_stay_within_bounds),
        cmocka_unit_test(all_is_known_when_the_best_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
