import { Announcer } from './announcer.js';
import { ComposerPanel } from './composer/composer-panel.js';
import { savedMessagesFrom } from './composer/saved-messages.js';
import { ConnectPanel } from './connection/connect-panel.js';
import { explainFailure } from './connection/failure.js';
import { webSocketUrlOf } from './connection/websocket-url.js';
import { element, setText } from './dom.js';
import { LatencyView } from './latency/latency-view.js';
import { LogToolbar } from './log/log-toolbar.js';
import { LogView } from './log/log-view.js';
import { MessageView } from './log/message-view.js';
import type { LogEntry } from './log/log-entry.js';
import { newDiagnosticsId } from './server-view/server-event.js';
import { ServerPanel } from './server-view/server-panel.js';
import { ServerWatch } from './server-view/server-watch.js';
import { Session, type Outcome, type SessionEnvironment } from './session/session.js';
import { SessionTabs } from './session/session-tabs.js';
import { SettingFields } from './session/setting-fields.js';
import { DEFAULT_SETTINGS, linkFragment, settingsFromFragment, type Settings } from './session/settings.js';
import { keptSettings, KeptValue, workspaceFrom } from './session/storage.js';
import { enableShortcuts } from './shortcuts.js';
import { enableTabList, markSelected } from './tab-list.js';

/** The largest file that is read into memory and sent as one message. */
const LARGEST_FILE = 512 * 1_048_576;

const defaults: Settings = { ...DEFAULT_SETTINGS, url: webSocketUrlOf(window.location, '/ws') };
const keptWorkspace = new KeptValue(() => sessionStorage, 'workspace', workspaceFrom);

const environment: SessionEnvironment = {
  page: window.location,
  openSocket: (url, subprotocols) => new WebSocket(url, [...subprotocols]),
  now: () => performance.now(),
  wallClock: () => performance.timeOrigin + performance.now(),
  random: () => Math.random(),
  uuid: newUuid,
  explainFailure: (url) => explainFailure(url, window.location, (address, options) => fetch(address, options)),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => {
    clearTimeout(timer as number);
  },
};

const announcer = new Announcer({
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  say: (text) => setText(element('announcer', HTMLElement), text),
});

let sessions: Session[] = [];
let active: Session;
let isFrameRequested = false;
let latencyTimer: number | undefined;

function newSession(settings: Settings): Session {
  return new Session(
    environment,
    {
      onChanged: (session) => {
        if (session === active) {
          requestRender();
        }
      },
      onStateChanged: () => refresh(),
      onNotice: (session, text) => {
        if (session === active) {
          announcer.notice(text);
        }
      },
      onMessage: (session) => {
        if (session === active) {
          announcer.message();
        }
      },
    },
    settings,
    (onChanged) => new ServerWatch((path) => new EventSource(path), onChanged),
  );
}

/** Drawing uses at most a quarter of the time, but the page is never behind by more than this, in milliseconds. */
const LONGEST_PAUSE = 150;

let lastDrawing = { end: 0, duration: 0 };
const logTable = element('logTable', HTMLTableElement);

/** Draws once in the next frame for any number of changes, and leaves time for messages, keys and clicks. */
function requestRender(): void {
  if (isFrameRequested) {
    return;
  }
  isFrameRequested = true;
  // Assistive technology waits for the update, and so do tests.
  logTable.setAttribute('aria-busy', 'true');
  const pause = Math.min(LONGEST_PAUSE, 3 * lastDrawing.duration) - (performance.now() - lastDrawing.end);
  if (pause > 0) {
    setTimeout(() => requestAnimationFrame(draw), pause);
  } else {
    requestAnimationFrame(draw);
  }
}

function draw(): void {
  isFrameRequested = false;
  const start = performance.now();
  render(start);
  logTable.removeAttribute('aria-busy');
  const end = performance.now();
  lastDrawing = { end, duration: end - start };
}

function render(now: number): void {
  composer.show(active);
  connectPanel.show(active);
  toolbar.render();
  if (!element('messagesView', HTMLElement).hidden) {
    logView.render();
  }
  if (!element('latencyView', HTMLElement).hidden) {
    latencyView.render(active, now);
  }
  if (!element('serverView', HTMLElement).hidden) {
    serverPanel.render(active);
  }
}

/** Shows a change of state at once, because the controls must not accept a late click. */
function refresh(): void {
  tabs.show(sessions, active);
  composer.show(active);
  connectPanel.show(active);
  requestRender();
}

function activate(session: Session): void {
  active = session;
  messageView.close();
  fields.show(session.settings);
  toolbar.show(session);
  logView.show(session.projection);
  composer.hint();
  refresh();
  keepWorkspace();
}

function change(settings: Partial<Settings>): void {
  active.settings = { ...active.settings, ...settings };
  fields.show(active.settings);
  refresh();
  composer.hint();
  keepSoon();
}

function addSession(session: Session): void {
  sessions = [...sessions, session];
  activate(session);
}

function closeSession(session: Session): void {
  session.dispose();
  const at = sessions.indexOf(session);
  sessions = sessions.filter((other) => other !== session);
  if (sessions.length === 0) {
    sessions = [newSession(defaults)];
  }
  const next = session === active ? sessions[Math.min(at, sessions.length - 1)] : active;
  if (next) {
    activate(next);
  }
  tabs.focusActive();
}

/** Shows the fault of an input at its field. */
function report(outcome: Outcome): void {
  composer.hint(outcome && outcome.at !== 'url' ? outcome.problem : undefined);
  refresh();
  if (outcome?.at !== undefined) {
    fields.pointTo(outcome.at);
  }
}

function keepWorkspace(): void {
  const own = sessions.filter(({ importedFrom }) => importedFrom === undefined);
  keptWorkspace.save({
    active: Math.max(0, own.indexOf(active)),
    sessions: own.map(({ settings }) => keptSettings(settings)),
    openDetails: [...document.querySelectorAll('.more details[open]')].map(({ id }) => id),
  });
}

let keepTimer: number | undefined;

function keepSoon(): void {
  clearTimeout(keepTimer);
  keepTimer = window.setTimeout(keepWorkspace, 300);
}

async function sendFiles(files: readonly File[]): Promise<void> {
  const session = active;
  for (const file of files) {
    if (file.size > LARGEST_FILE) {
      composer.hint(`"${file.name}" has ${file.size} bytes. At most ${LARGEST_FILE} are sent as one message.`);
      return;
    }
    try {
      const data = await file.arrayBuffer();
      composer.hint(session.send(data) ? undefined : `"${file.name}" was not sent: the connection is not open.`);
    } catch (error) {
      composer.hint(`"${file.name}" cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function importLog(name: string, entries: readonly LogEntry[]): void {
  const session = newSession(defaults);
  session.importedFrom = name;
  for (const entry of entries) {
    session.log.add(entry);
  }
  addSession(session);
}

function newUuid(): string {
  // crypto.randomUUID exists in secure contexts only, and this page is often opened over plain http.
  const hex = newDiagnosticsId();
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const fields = new SettingFields((name, value) => {
  active.settings = { ...active.settings, [name]: value };
  refresh();
  composer.hint();
  keepSoon();
});

const connectPanel = new ConnectPanel({
  onConnect: () => report(active.connect()),
  onClose: () => {
    report(active.close());
  },
  onEndpoint: (url, firstMessage) => {
    active.problem = '';
    change({ url, ...(firstMessage !== undefined && { draft: firstMessage }) });
  },
  onLink: () => new URL(linkFragment(active.settings, defaults), window.location.href).href,
});

const composer = new ComposerPanel(
  {
    saved: new KeptValue(() => localStorage, 'saved-messages', savedMessagesFrom),
    history: new KeptValue(
      () => localStorage,
      'history',
      (value) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []),
    ),
  },
  {
    onSend: () => {
      const outcome = active.sendDraft();
      report(outcome);
      if (!outcome) {
        composer.sent();
        logView.follow();
      }
    },
    onFiles: (files) => void sendFiles(files),
    onRepeat: () => report(active.toggleRepeating()),
    onBurst: () => report(active.toggleBurst()),
    onHeartbeat: () => report(active.toggleHeartbeat()),
    onSettings: change,
  },
);

const messageView = new MessageView(() => element('logView', HTMLElement).focus());
const logView = new LogView(requestRender, (sequence) => {
  const entry = active.log.get(sequence);
  if (entry) {
    messageView.open(entry);
  }
});
const toolbar = new LogToolbar({
  onShownChanged: requestRender,
  onImported: importLog,
  onProblem: (problem) => {
    active.problem = problem;
    refresh();
  },
});
const latencyView = new LatencyView();
const serverPanel = new ServerPanel();
const tabs = new SessionTabs({
  onSelect: activate,
  onClose: closeSession,
  onNew: () => {
    addSession(newSession({ ...defaults, url: active.settings.url || defaults.url }));
    element('connectionUrl', HTMLInputElement).focus();
  },
});

function showView(tab: HTMLElement): void {
  markSelected(element('viewTabs', HTMLElement), tab);
  for (const view of document.querySelectorAll<HTMLElement>('.view')) {
    view.hidden = view.id !== tab.getAttribute('aria-controls');
  }
  element('logToolbar', HTMLElement).hidden = tab.id !== 'messagesTab';
  clearInterval(latencyTimer);
  if (tab.id === 'latencyTab') {
    latencyView.render(active, performance.now(), true);
    // The minute of the throughput moves on even without traffic.
    latencyTimer = window.setInterval(requestRender, 1_000);
  }
  if (tab.id === 'serverTab') {
    void offerServerView(tab);
  }
  requestRender();
}

/** Checks once whether the server offers the diagnostics stream, when the user first opens the view. */
async function offerServerView(tab: HTMLElement): Promise<void> {
  if (tab.dataset['asked'] !== undefined) {
    return;
  }
  tab.dataset['asked'] = '';
  const probe = new ServerWatch(
    (path) => new EventSource(path),
    () => {},
  );
  const result = await probe.open(newDiagnosticsId());
  probe.close();
  if (result === 'absent') {
    serverPanel.hide();
    showView(element('messagesTab', HTMLElement));
    composer.hint('This server does not offer its view of the connection.');
  } else {
    active.isWatched = true;
    requestRender();
  }
}

enableTabList(element('viewTabs', HTMLElement), showView);
enableShortcuts([
  {
    keys: 'Alt+C',
    what: 'Connect, or close the socket',
    run: () => report(active.state === 'open' || active.state === 'connecting' ? active.close() : active.connect()),
  },
  { keys: 'Alt+M', what: 'Go to the message box', run: () => element('sendMessage', HTMLTextAreaElement).focus() },
  { keys: 'Alt+P', what: 'Pause or resume the log', run: () => toolbar.togglePause() },
  { keys: 'Alt+F', what: 'Filter the log', run: () => toolbar.goToFilter() },
  { keys: 'Alt+L', what: 'Clear the log', run: () => toolbar.clear() },
  { keys: 'Alt+N', what: 'New connection', run: () => element('newTab', HTMLButtonElement).click() },
  ...(['messagesTab', 'latencyTab', 'serverTab'] as const).map((id, index) => ({
    keys: `Alt+${index + 1}`,
    what: `Show the view ${element(id, HTMLElement).textContent?.trim()}`,
    run: () => {
      const tab = element(id, HTMLElement);
      if (!tab.hidden) {
        showView(tab);
      }
    },
  })),
]);
for (const details of document.querySelectorAll('.more details')) {
  details.addEventListener('toggle', keepSoon);
}
addEventListener('pagehide', keepWorkspace);

const restored = keptWorkspace.load();
for (const id of restored.openDetails) {
  document.querySelector(`.more details[id="${CSS.escape(id)}"]`)?.setAttribute('open', '');
}
sessions = (restored.sessions.length === 0 ? [defaults] : restored.sessions).map(newSession);
const linked = settingsFromFragment(window.location.hash, defaults);
if (linked) {
  sessions = [
    ...sessions.filter(({ settings }) => settings.url !== defaults.url || settings.draft !== ''),
    newSession(linked),
  ];
  history.replaceState(null, '', window.location.pathname + window.location.search);
}
active = sessions[linked ? sessions.length - 1 : restored.active] ?? newSession(defaults);
activate(active);
if (linked) {
  composer.hint('The link filled in the URL and settings. Check them, then connect.');
}
