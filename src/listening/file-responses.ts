import { ReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** The content of a file. */
interface FileInMemory {
  /** Changes with the file. */
  readonly version: string;
  readonly content: Promise<Buffer>;
}

/**
 * Replaces each response that is a file stream by the content of the file in memory. All responses share the content, so a
 * client that does not read costs no copy of it.
 *
 * The reason: if an HTTP/2 stream is reset, or a connection ends while a response is queued, Fastify does not close the
 * file of the response. A client could use up the file descriptors of the process.
 *
 * It suits the few small files of the page and of Swagger UI, whose routes do not accept ranges. Call it before the routes
 * are registered.
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
