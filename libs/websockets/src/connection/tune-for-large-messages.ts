import { setFlagsFromString } from 'node:v8';

/** About what large reads leave behind until it is collected: V8 looks for garbage each 32 MiB of it. */
const SPARE_BYTES = 48 * 1024 * 1024;
/** How much the heap may grow from one marking to the next, in percent. V8 itself takes 30 to 300, as it sees fit. */
const HEAP_GROWTH = 200;

/**
 * Makes a process handle large messages with less CPU, half of it for messages of 64 KiB, for up to 48 MiB more memory,
 * which the process keeps. It concerns the whole process, so it is the application's to call; once, before it listens.
 *
 * Node.js reads into a new buffer each time. What happens to buffers that are not used
 * any more does not suit a server, which needs the same memory again at once:
 *
 * - The C library of most Linux systems hands memory back to the kernel, which then has to clear it anew, page by page.
 *   How much it keeps follows from the largest block that was ever freed: twice its size.
 * - V8 takes them for growth of its heap, and marks all objects of the application again and again. The larger the
 *   application, the more it costs.
 *
 * @see `man 3 mallopt`, M_TRIM_THRESHOLD; `node --v8-options`, --heap-growing-percent
 */
export function tuneForLargeMessages(): void {
  // Nothing is ever written to it, so it takes no memory; it is freed with the first garbage.
  void new ArrayBuffer(SPARE_BYTES / 2);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
}
