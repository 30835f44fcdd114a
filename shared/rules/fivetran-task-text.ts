/** What one of Fivetran's tasks or warnings says, in the most telling words that it has. */
export function taskText({
  code,
  message,
  details,
}: {
  code: string;
  message: string;
  details?: unknown;
}): string {
  if (typeof details === 'string' && details !== '') return details;
  return message === '' ? code : message;
}
