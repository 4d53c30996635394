import { BadRequestException, Controller, Get } from '@nestjs/common';
import { WebSockets, type WebSocketManager } from 'nest-raw-websockets';

/** What each subprotocol makes of a message. */
const protocols = new Map<string, (text: string) => string>([
  ['upper.example.com', (text) => text.toUpperCase()],
  ['reverse.example.com', (text) => Array.from(text).toReversed().join('')],
]);

/** An endpoint that speaks two subprotocols. The client offers, the server chooses; none is chosen by itself. */
@Controller('translate')
export class SubprotocolController {
  @Get()
  async translate(@WebSockets() webSockets: WebSocketManager): Promise<void> {
    const subprotocol = webSockets.requestedProtocols.find((name) => protocols.has(name));
    const translate = protocols.get(subprotocol ?? '');
    if (translate === undefined) {
      throw new BadRequestException(`Offer one of the subprotocols ${[...protocols.keys()].join(', ')}.`);
    }
    const webSocket = webSockets.accept({ subprotocol });
    for await (const { data } of webSocket.messages()) {
      await webSocket.send(translate(data.toString()));
    }
  }
}
