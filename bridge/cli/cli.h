/* The command line: what the words do and what they print. */
#ifndef BRIDGE_CLI_CLI_H
#define BRIDGE_CLI_CLI_H

/* Exit status: 0 done, 1 refused or failed with one sentence on stderr, 2
 * wrong use or invalid configuration. */
int cli_main(int argc, char **argv);

#endif
