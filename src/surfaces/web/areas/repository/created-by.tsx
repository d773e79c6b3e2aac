import type { View } from '../../view';

/* Texts of other users may be long; the page may not. */
export const COMMANDS_BYTES = 18_000;
export const NOTES_BYTES = 9_000;

/** The command that created a layer, and a note below it. */
export function CreatedBy({
  command,
  note,
}: {
  readonly command: string | undefined;
  readonly note: string | undefined;
}): View {
  return (
    <>
      {command === undefined || command === '' ? (
        <span class="fine">Command unknown</span>
      ) : (
        <code class="command">{command}</code>
      )}
      {note !== undefined && note !== '' && <small class="below">{note}</small>}
    </>
  );
}
