#include "bridge/task.h"

#include "mapping/memory.h"

#include <uv.h>

struct task {
    uv_work_t work;
    void (*run)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

static void on_work(uv_work_t *work)
{
    const struct task *task = work->data;

    task->run(task->arg);
}

static void on_done(uv_work_t *work, int status)
{
    struct task task = *(struct task *)work->data;

    (void)status; /* nobody cancels */
    free(work->data);
    task.done(task.arg);
}

void task_start(uv_loop_t *loop, void (*work)(void *arg),
                void (*done)(void *arg), void *arg)
{
    struct task *task = memory_zero(1, sizeof *task);

    *task = (struct task){.run = work, .done = done, .arg = arg};
    task->work.data = task;
    (void)uv_queue_work(loop, &task->work, on_work, on_done);
}
