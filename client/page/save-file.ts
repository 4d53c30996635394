/** Offers content to the person as a file to save. */
export function saveFile(name: string, type: string, content: Iterable<BlobPart>): void {
  const url = URL.createObjectURL(new Blob([...content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun when the click is done; a minute is enough for the browser to have read the first bytes.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** A file name with the present time: `log-2026-05-04T09-30-00.csv`. */
export function fileName(extension: string): string {
  return `log-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.${extension}`;
}
