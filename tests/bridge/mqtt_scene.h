/* A client or two and the real mosquitto: what the stories begin with. */
#ifndef TESTS_BRIDGE_MQTT_SCENE_H
#define TESTS_BRIDGE_MQTT_SCENE_H

#include "tests/bridge/broker.h"
#include "tests/bridge/mqtt_party.h"

#define OPEN "allow_anonymous true\n"

/* Prepared by the test, released by the teardown. */
extern struct broker broker;

int scene_set_up(void **state);
int scene_tear_down(void **state);

/* Start the broker with these lines in its configuration. */
void scene_start(const char *extra);
/* A client that is connected. */
struct party *scene_join(const char *client_id, enum mqtt_protocol protocol);
/* One that listens to filter already. */
struct party *scene_observer(const char *filter);

#define STORY(f)                                                               \
    cmocka_unit_test_setup_teardown(f, scene_set_up, scene_tear_down)

#endif
