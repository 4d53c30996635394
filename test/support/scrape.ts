/** The metrics that an application serves at `/metrics`, by their names and labels as in the text. */
export async function scrape(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/metrics`);
  const samples = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    samples.map((line) => {
      const [name, value] = line.split(' ');
      return [name, Number(value)];
    }),
  );
}

/** The types of the metrics that an application serves, by their names. */
export async function metricTypes(url: string): Promise<Map<string, string>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return new Map(Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [name, type]));
}
