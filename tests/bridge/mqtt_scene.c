#include "tests/bridge/mqtt_scene.h"

struct broker broker;

int scene_set_up(void **state)
{
    memset(&broker, 0, sizeof broker);
    return party_set_up(state);
}

int scene_tear_down(void **state)
{
    broker_release(&broker);
    return party_tear_down(state);
}

void scene_start(const char *extra)
{
    broker_prepare(&broker, extra);
    broker_start(&broker);
}

struct party *scene_join(const char *client_id, enum mqtt_protocol protocol)
{
    struct mqtt_options o = party_options(broker.port, client_id);
    o.protocol = protocol;
    struct party *p = party_new(&o);
    mqtt_start(p->mqtt);
    AWAIT(p->connected == 1);
    return p;
}

struct party *scene_observer(const char *filter)
{
    struct party *p = scene_join("observer", MQTT_AUTO);
    party_subscribe(p, filter);
    return p;
}
