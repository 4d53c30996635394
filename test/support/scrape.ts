/** The metrics that an application serves at `/metrics`, by their names. */
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
