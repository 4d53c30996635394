import { CommunicationLog } from './communication-log.js';
import { Connection } from './connection.js';
import { Controls, element } from './controls.js';
import { textOfBinary, textOfText } from './message-text.js';
import { problemWithUrl, webSocketUrlOf } from './websocket-url.js';

const log = new CommunicationLog(element('commsLog', HTMLTableSectionElement), element('logLimit', HTMLElement));

const connection = new Connection({
  onStateChanged(state) {
    controls.show(state);
  },
  onOpened() {
    log.addNotice('Connection opened');
  },
  onReceived(message) {
    log.addMessage('Server', 'Client', typeof message === 'string' ? textOfText(message) : textOfBinary(message));
  },
  onFailed(url, why) {
    log.addProblem(`Could not connect to ${url}. ${why}`);
  },
  onClosed(code, reason) {
    log.addNotice(`Connection closed. Code: ${code}. Reason: ${reason}`);
  },
});

const controls = new Controls({
  urlOf(path) {
    return webSocketUrlOf(window.location, path);
  },
  onConnect(url) {
    const problem = problemWithUrl(url);
    if (problem !== undefined) {
      log.addProblem(problem);
      controls.show(connection.state);
      controls.pointToUrl();
      return;
    }
    connection.open(url);
  },
  onSend(message) {
    connection.send(message);
    log.addMessage('Client', 'Server', textOfText(message));
  },
  onClose() {
    connection.close(1000, 'Closing from client');
  },
});
