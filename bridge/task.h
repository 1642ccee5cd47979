/* Work that blocks (files, folders, long parsing) in libuv's worker threads. */
#ifndef BRIDGE_TASK_H
#define BRIDGE_TASK_H

struct uv_loop_s;

/* work runs in a worker, then done on the loop, both with arg, exactly once.
 * Out of memory ends the program. Tasks cannot be taken back: arg must live
 * until done. */
void task_start(struct uv_loop_s *loop, void (*work)(void *arg),
                void (*done)(void *arg), void *arg);

#endif
