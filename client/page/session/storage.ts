import { DEFAULT_SETTINGS, LONGEST_SETTING, settingsFrom, type Settings } from './settings.js';

/** The part of the browser's Storage that the page uses. */
export interface TextStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** A value in the browser's storage, as JSON. Without storage, or if it is full, the value is not stored. */
export class KeptValue<T> {
  private readonly storage: () => TextStorage;
  private readonly key: string;
  private readonly read: (value: unknown) => T;

  /**
   * @param storage - throws if storage is disabled
   * @param read - converts any stored value, or `undefined`, to a valid value
   */
  constructor(storage: () => TextStorage, key: string, read: (value: unknown) => T) {
    this.storage = storage;
    this.key = `nest-ws-echo:${key}`;
    this.read = read;
  }

  load(): T {
    try {
      return this.read(JSON.parse(this.storage().getItem(this.key) ?? 'null'));
    } catch {
      return this.read(undefined);
    }
  }

  /** @returns whether the value is stored */
  save(value: T): boolean {
    try {
      this.storage().setItem(this.key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }
}

/** The tabs of the page, as they are restored after a reload. */
export interface Workspace {
  readonly active: number;
  readonly sessions: readonly Settings[];
  readonly openDetails: readonly string[];
}

/** The maximum number of restored tabs. */
const MOST_SESSIONS = 20;

/** Reads the tabs from an unknown value. */
export function workspaceFrom(value: unknown): Workspace {
  const { active, sessions, openDetails } = (value ?? {}) as Record<string, unknown>;
  const restored = Array.isArray(sessions) ? sessions.slice(0, MOST_SESSIONS).map((one) => settingsFrom(one)) : [];
  return {
    active:
      typeof active === 'number' && Number.isInteger(active) && active >= 0 && active < restored.length ? active : 0,
    sessions: restored,
    openDetails: Array.isArray(openDetails) ? openDetails.filter((id) => typeof id === 'string') : [],
  };
}

/** The stored settings of a tab: without a draft that is too long. */
export function keptSettings(settings: Settings): Settings {
  return settings.draft.length > LONGEST_SETTING ? { ...settings, draft: DEFAULT_SETTINGS.draft } : settings;
}
