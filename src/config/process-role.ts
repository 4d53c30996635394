import cluster from 'node:cluster';

/**
 * The environment variable that makes a process a worker of this program; its value is the process id of the primary. A process
 * may also be a worker of another cluster, such as that of pm2, which does not answer the calls of a worker.
 */
const VARIABLE = 'NEST_WS_ECHO_WORKER';

/** What the primary adds to the environment of a worker. */
export const WORKER_ENVIRONMENT: Readonly<Record<string, string>> = { [VARIABLE]: String(process.pid) };

/** Whether this process is a worker of a primary of this program. */
export const IS_WORKER = process.env[VARIABLE] === String(process.ppid);

/** Whether this process can have workers of its own. A worker of any cluster cannot. */
export const CAN_HAVE_WORKERS = cluster.isPrimary;
