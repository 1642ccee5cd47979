/* Who may order what, and when: the reasons why an order is refused. */
#include "bridge/printer_internal.h"

int64_t printer_job(const struct printer *p)
{
    return telemetry_integer(&p->telemetry, SLOT_JOB_ID, -1);
}

bool order_is_bridges(enum command command)
{
    return command_row(command)->flags & COMMAND_OFFLINE;
}

/* Does the configuration allow it? */
static bool is_allowed(const struct printer *p, enum command command)
{
    return !p->config->command_disabled[command] &&
           (!(command_row(command)->flags & COMMAND_DANGEROUS) ||
            p->config->command_enabled[command]) &&
           (command != COMMAND_UPLOAD || p->config->uploads.enabled);
}

/* Whatever the driver can do: an upload, and the end of one. */
static bool is_about_uploads(const struct printer *p, enum command command)
{
    return (command == COMMAND_UPLOAD || command == COMMAND_CANCEL_TRANSFER) &&
           p->config->uploads.enabled && p->sink->upload &&
           driver_upload(p->driver, &p->device);
}

bool printer_supports(const struct printer *p, enum command command)
{
    return order_is_bridges(command) || is_about_uploads(p, command) ||
           (command == COMMAND_UPLOAD &&
            driver_upload(p->driver, &p->device)) ||
           driver_states(p->driver, command, &p->device) != 0;
}

bool printer_able(const struct printer *p, enum command command)
{
    const struct driver_command *row = driver_command(p->driver, command);

    if (!is_allowed(p, command))
        return false;
    if (order_is_bridges(command))
        return true;
    if (is_about_uploads(p, command))
        return !p->config->read_only;
    return !p->config->read_only && row &&
           driver_states(p->driver, command, &p->device) != 0 &&
           (!row->learned || p->memory.learned >> command & 1);
}

/* What an order needs beside a state; NULL = it is there. */
const char *order_lacks(const struct printer *p, enum command command)
{
    const struct telemetry *t = &p->telemetry;

    if (command == COMMAND_PRINT_SELECTED && !p->memory.selected)
        return "no file is selected; order select_file first";
    if (command == COMMAND_REPRINT && !telemetry_known(t, SLOT_LAST_PATH))
        return "no job has ended yet, or its path is not known";
    if (command == COMMAND_CANCEL_TRANSFER &&
        telemetry_integer(t, SLOT_TRANSFER_ACTIVE, 0) != 1)
        return "nothing is being transferred";
    return NULL;
}

static bool can(const struct printer *p, enum command command, enum state state)
{
    if (order_is_bridges(command))
        return is_allowed(p, command);
    if (!p->online || p->config->read_only)
        return false;
    if (is_about_uploads(p, command) &&
        (command == COMMAND_UPLOAD || p->transfer))
        return is_allowed(p, command);
    return state != STATE_COUNT &&
           driver_states(p->driver, command, &p->device) & STATE_BIT(state) &&
           is_allowed(p, command) && !order_lacks(p, command);
}

/* What can() looks at, but for what never changes; drivers tell the states of
 * a command by the device's variant. */
unsigned printer_situation(const struct printer *p)
{
    const struct telemetry *t = &p->telemetry;

    return (unsigned)p->online | (unsigned)(p->transfer != NULL) << 1 |
           (unsigned)(p->memory.selected != NULL) << 2 |
           (unsigned)telemetry_known(t, SLOT_LAST_PATH) << 3 |
           (unsigned)(telemetry_integer(t, SLOT_TRANSFER_ACTIVE, 0) == 1) << 4 |
           (unsigned)telemetry_state(t) << 8 |
           (unsigned)p->device.variant << 16;
}

uint64_t printer_can(const struct printer *p)
{
    enum state state = telemetry_state(&p->telemetry);
    uint64_t all = 0;
    enum command c;

    for (c = 0; c < COMMAND_COUNT; c++)
        if (can(p, c, state))
            all |= UINT64_C(1) << c;
    return all;
}

/* Guards that need no fresh status. True if the order was refused. */
bool order_refused_at_once(struct printer *p, struct order *order,
                           struct moment now)
{
    enum command c = order->command;

    if (!printer_supports(p, c))
        order_refuse(p, order, ORDER_NOT_SUPPORTED, 0, now, "%s cannot do %s",
                     p->config->id, order->name);
    else if (p->config->command_disabled[c])
        order_refuse(p, order, ORDER_NOT_ALLOWED, 0, now,
                     "%s is disabled for %s in the configuration", order->name,
                     p->config->id);
    else if (c == COMMAND_UPLOAD && !p->config->uploads.enabled)
        order_refuse(p, order, ORDER_NOT_ALLOWED, 0, now,
                     "uploads to %s are off; say in its configuration where "
                     "files may come from (uploads: {directory: ...})",
                     p->config->id);
    else if (!is_allowed(p, c))
        order_refuse(p, order, ORDER_NOT_ALLOWED, 0, now,
                     "%s is off unless the configuration of %s says commands: "
                     "{enable: [%s]}",
                     order->name, p->config->id, order->name);
    else if (p->config->read_only && !order_is_bridges(c))
        order_refuse(p, order, ORDER_NOT_ALLOWED, 0, now,
                     "%s is read_only in the configuration", p->config->id);
    else
        return false;
    return true;
}

bool order_refused_away(struct printer *p, struct order *order,
                        struct moment now)
{
    if (order_is_bridges(order->command))
        return false;
    if (p->trouble == TROUBLE_WRONG_PRINTER)
        order_refuse(p, order, ORDER_WRONG_PRINTER, 0, now, "%s. %s",
                     printer_error(p), printer_remedy(p));
    else if (!p->online)
        order_refuse(p, order, ORDER_OFFLINE, 0, now, "%s is offline%s%s",
                     p->config->id, p->error ? ": " : "", contact_error(p));
    else
        return false;
    return true;
}

/* "printing or paused" of a mask of states. */
static void name_states(unsigned states, char *out, size_t size)
{
    const char *const *words = quantity_words(QUANTITY_STATE);
    size_t len = 0;
    int i;

    out[0] = '\0';
    for (i = 0; i < STATE_COUNT && len < size; i++)
        if (states & STATE_BIT(i)) {
            bool last = !(states >> (i + 1));
            int n = snprintf(out + len, size - len, "%s%s",
                             len == 0 ? "" : (last ? " or " : ", "), words[i]);

            len += n > 0 ? (size_t)n : 0;
        }
}

static bool is_printing(const struct printer *p)
{
    enum state state = telemetry_state(&p->telemetry);

    return state == STATE_PRINTING || state == STATE_PAUSED;
}

static bool refused_by_job(struct printer *p, struct order *order,
                           struct moment now)
{
    int64_t job = printer_job(p);

    if (!(command_row(order->command)->flags & COMMAND_JOB) &&
        !order->job_given)
        return false;
    if (order->arguments.job < 0)
        order->arguments.job = job;
    if (job < 0 && !order->job_given && order->arguments.job < 0)
        order_refuse(p, order, ORDER_CONFLICT, 0, now, "%s",
                     is_printing(p) ? "the printer has not told yet which job "
                                      "it prints; try again in some seconds"
                                    : "nothing is being printed");
    else if (order->no_job && !(order->next_job && p->orders.printed))
        order_refuse(
            p, order, ORDER_WRONG_JOB, 0, now,
            "nothing was being printed when the order came; job %lld began "
            "since",
            (long long)job);
    else if (job < 0)
        order_refuse(
            p, order, ORDER_WRONG_JOB, 0, now,
            "job %lld is not current any more; nothing is being printed",
            (long long)order->arguments.job);
    else if (job != order->arguments.job)
        order_refuse(p, order, ORDER_WRONG_JOB, 0, now,
                     "job %lld is not the current one, that is job %lld",
                     (long long)order->arguments.job, (long long)job);
    else
        return false;
    return true;
}

/* Guards on a fresh status. True if the order was refused. */
bool order_refused_now(struct printer *p, struct order *order,
                       struct moment now)
{
    unsigned states = driver_states(p->driver, order->command, &p->device);
    enum state state = telemetry_state(&p->telemetry);
    const char *lacks;
    char names[160];

    if (p->memory.serial[0] && !p->serial_checked) {
        order_refuse(
            p, order, ORDER_WRONG_PRINTER, 0, now,
            "the printer has not told its serial number yet, so it may be "
            "another one; try again in a minute");
        return true;
    }
    if (order_expired(order, now)) {
        order_refuse(p, order, ORDER_EXPIRED, 0, now,
                     "the order expired before it could be sent");
        return true;
    }
    if (refused_by_job(p, order, now))
        return true;
    lacks = order_lacks(p, order->command);
    if (lacks) {
        order_refuse(p, order, ORDER_CONFLICT, 0, now, "%s", lacks);
        return true;
    }
    if (state < STATE_COUNT && states & STATE_BIT(state))
        return false;
    name_states(states, names, sizeof names);
    order_refuse(p, order, ORDER_CONFLICT, 0, now,
                 "%s can only be ordered while the printer is %s; it is %s",
                 order->name, names,
                 state < STATE_COUNT ? quantity_words(QUANTITY_STATE)[state]
                                     : "in an unknown state");
    return true;
}
