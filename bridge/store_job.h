/* The job part of the state file. */
#ifndef BRIDGE_STORE_JOB_H
#define BRIDGE_STORE_JOB_H

#include "bridge/job.h"

struct cJSON;

/* A new object for the file; caller owns it. */
struct cJSON *store_job_write(const struct job *job);
/* Read it back into *job (which holds nothing yet); what is missing or makes
 * no sense is not known. row may be NULL. job's texts are the caller's. */
void store_job_read(const struct cJSON *row, struct job *job);

#endif
