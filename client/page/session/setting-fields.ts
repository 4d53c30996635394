import { SETTING_NAMES, type Settings } from './settings.js';

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** The fields of the page with the attribute `data-setting`, and their settings. */
export class SettingFields {
  private readonly fields: ReadonlyMap<keyof Settings, Field>;

  /** @param onChanged - the user has changed a field */
  constructor(onChanged: (name: keyof Settings, value: string | boolean) => void) {
    this.fields = new Map(
      SETTING_NAMES.map((name) => {
        const field = document.querySelector<Field>(`[data-setting="${name}"]`);
        if (!field) {
          throw new TypeError(`The page has no field for the setting "${name}"`);
        }
        field.addEventListener('input', () => {
          field.removeAttribute('aria-invalid');
          onChanged(name, isCheckbox(field) ? field.checked : field.value);
        });
        return [name, field];
      }),
    );
  }

  /** Writes settings into the fields. */
  show(settings: Settings): void {
    for (const [name, field] of this.fields) {
      const value = settings[name];
      if (isCheckbox(field)) {
        field.checked = value === true;
      } else if (field.value !== value) {
        field.value = String(value);
      }
      field.removeAttribute('aria-invalid');
    }
  }

  /** Marks a field as invalid and moves the focus to it. */
  pointTo(name: keyof Settings): void {
    const field = this.fields.get(name);
    if (field) {
      field.closest('details')?.setAttribute('open', '');
      field.setAttribute('aria-invalid', 'true');
      field.focus();
    }
  }
}

function isCheckbox(field: Field): field is HTMLInputElement {
  return field instanceof HTMLInputElement && field.type === 'checkbox';
}
