/** The connection of a command. */
export interface CommandedConnection {
  send(text: string): Promise<void>;
  /** Sends a close frame with 1000. */
  close(reason: string): Promise<void>;
  abort(): void;
  wait(milliseconds: number): Promise<void>;
  /** Echoes the command itself, like any other message. */
  echo(): Promise<void>;
}

/** How long .NET's test server waits between the two messages of `.shutdownAfterTwoMessages`, in ms. */
const BETWEEN_TWO_MESSAGES = 1990;

/**
 * Follows a command of .NET's own test server (`EchoWebSocketHandler` of dotnet/runtime), against which its WebSocket
 * tests run.
 *
 * @returns false where the text is not a command
 */
export async function runCommand(text: string, connection: CommandedConnection): Promise<boolean> {
  switch (text) {
    case '.close':
    case '.shutdown':
      await connection.close(text);
      return true;
    case '.abort':
      connection.abort();
      return true;
    case '.delay5sec':
      await connection.wait(5000);
      return true;
    case '.receiveMessageAfterClose':
      await connection.send(`${text} ${timeOfDay()}`);
      await connection.close(text);
      return true;
    case '.shutdownAfterTwoMessages':
      await connection.send(`${text} 1 ${timeOfDay()}`);
      await connection.wait(BETWEEN_TWO_MESSAGES);
      await connection.send(`${text} 2 ${timeOfDay()}`);
      await connection.close(text);
      return true;
    case '.closeafter':
    case '.shutdownafter':
      await connection.echo();
      await connection.close(text);
      return true;
    default:
      return false;
  }
}

/** `HH:mm:ss` */
function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}
