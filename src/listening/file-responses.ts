import { ReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** A file as it was read. */
interface FileInMemory {
  /** Changes with the file. */
  readonly version: string;
  readonly content: Promise<Buffer>;
}

/**
 * Answers with files from memory where a route answers with a file stream. All responses share the bytes of a file, so
 * a client that does not read costs no copy of it.
 *
 * Fastify never closes the file of a response whose HTTP/2 stream was reset, or that is queued behind another one when
 * its connection ends: a client could use up the file descriptors of the process.
 *
 * It is for the few small files of the page and of Swagger UI, which are sent whole: their routes accept no ranges.
 * Call it before the routes are registered.
 */
export function answerFromMemory(app: NestFastifyApplication): void {
  const files = new Map<string, FileInMemory>();

  async function contentOf(path: string): Promise<Buffer> {
    const { mtimeMs, size } = await stat(path);
    const version = `${mtimeMs} ${size}`;
    let file = files.get(path);
    if (file?.version !== version) {
      file = { version, content: readFile(path) };
      files.set(path, file);
    }
    return file.content;
  }

  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onSend', async (_request, _reply, payload) => {
    if (!(payload instanceof ReadStream)) {
      return payload;
    }
    payload.destroy();
    return contentOf(String(payload.path));
  });
}
