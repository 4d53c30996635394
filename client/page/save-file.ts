/** Offers content to the user as a file to save. */
export function saveFile(name: string, type: string, content: Iterable<BlobPart>): void {
  const url = URL.createObjectURL(new Blob([...content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun after the click; within a minute the browser has read the first bytes.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** A file name with the current time: `log-2026-05-04T09-30-00.csv`. */
export function fileName(extension: string): string {
  return `log-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.${extension}`;
}
