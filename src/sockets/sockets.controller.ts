import { Controller, Get, Logger } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WebSockets, type WebSocketManager, type WebSocketMessage } from 'nest-raw-websockets';

const PREFIX = 'Server Response to: ';

/** The example of the OpenAPI page: a controller that accepts the WebSocket, answers each message, and logs each step. */
@ApiTags('WebSockets')
@Controller('sockets')
export class SocketsController {
  private readonly logger = new Logger(SocketsController.name);

  @Get()
  @ApiOperation({
    summary: 'Answer each message with "Server Response to: " and the message',
    description:
      'Text is answered with text and bytes with bytes, message by message, in order. A message that is larger than ' +
      'MAX_MESSAGE_SIZE closes the WebSocket with 1009.',
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiResponse({ status: 400, description: 'The request is not a WebSocket handshake.' })
  async respond(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    const webSocket = webSockets.accept();
    this.logger.log('WebSocket connection established');
    try {
      for await (const message of webSocket.messages()) {
        this.logger.log('Message received from Client');
        await webSocket.send(responseTo(message));
        this.logger.log('Sent Response back to client confirming message received');
      }
    } finally {
      this.logger.log('WebSocket connection closed');
    }
  }
}

/** The answer to a message: text to text and bytes to bytes, with the message unchanged after the prefix. */
function responseTo({ type, data }: WebSocketMessage): string | Uint8Array {
  return type === 'text' ? PREFIX + data : Buffer.concat([Buffer.from(PREFIX), data]);
}
