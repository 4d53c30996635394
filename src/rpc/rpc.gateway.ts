import { Inject, StandardSchemaValidationPipe, UseFilters, UsePipes } from '@nestjs/common';
import {
  BaseWsExceptionFilter,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type WsResponse,
} from '@nestjs/websockets';
import type { WsCompatibleClient } from 'nest-raw-websockets';
import { calls, idOf, type Call } from './calls.js';
import { ClientQuestions } from './client-questions.js';
import { describeIssues, exceptionFor } from './exceptions.js';

/** The answer to a call: its event, its id and the result. */
type Answer<Result> = WsResponse<Result & { id: string | number | undefined }>;

/**
 * Calls over a WebSocket, in both directions: a stock gateway of Nest. A message is JSON, `{"event": …, "data": …}`. The
 * answer to an invalid message is the event `exception`; the connection stays open.
 */
@WebSocketGateway({ path: '/rpc' })
@UsePipes(new StandardSchemaValidationPipe({ exceptionFactory: (issues) => new WsException(describeIssues(issues)) }))
@UseFilters(new BaseWsExceptionFilter({ causeFactory: (event, data) => ({ event, id: idOf(data) }) }))
export class RpcGateway implements OnGatewayConnection<WsCompatibleClient>, OnGatewayDisconnect<WsCompatibleClient> {
  constructor(@Inject(ClientQuestions) private readonly questions: ClientQuestions) {}

  handleConnection(client: WsCompatibleClient): void {
    // Nest ignores a message without a handler.
    client.on('message', (bytes: Buffer) => {
      const exception = exceptionFor(bytes);
      if (exception !== undefined) {
        client.send(JSON.stringify({ event: 'exception', data: exception }));
      }
    });
  }

  handleDisconnect(client: WsCompatibleClient): void {
    this.questions.end(client);
  }

  @SubscribeMessage('add')
  add(@MessageBody({ schema: calls.add }) { id, numbers }: Call<'add'>): Answer<{ sum: number }> {
    return { event: 'add', data: { id, sum: numbers.reduce((sum, number) => sum + number, 0) } };
  }

  @SubscribeMessage('reverse')
  reverse(@MessageBody({ schema: calls.reverse }) { id, text }: Call<'reverse'>): Answer<{ text: string }> {
    return { event: 'reverse', data: { id, text: Array.from(text).toReversed().join('') } };
  }

  @SubscribeMessage('time')
  time(@MessageBody({ schema: calls.time }) { id }: Call<'time'>): Answer<{ time: string }> {
    return { event: 'time', data: { id, time: new Date().toISOString() } };
  }

  /** Sends the client its own question. The result is the answer of the client. */
  @SubscribeMessage('ask-client')
  async askClient(
    @ConnectedSocket() client: WsCompatibleClient,
    @MessageBody({ schema: calls['ask-client'] }) { id, question, timeout }: Call<'ask-client'>,
  ): Promise<Answer<{ answer: string }>> {
    return { event: 'ask-client', data: { id, answer: await this.questions.ask(client, question, timeout) } };
  }

  @SubscribeMessage('answer')
  answer(
    @ConnectedSocket() client: WsCompatibleClient,
    @MessageBody({ schema: calls.answer }) { id, answer }: Call<'answer'>,
  ): void {
    this.questions.answer(client, id, answer);
  }
}
