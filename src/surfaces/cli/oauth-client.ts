import type { Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { createClient, deleteClient, listClients } from '../../features/oauth/clients';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

interface AddOptions extends ListingOptions {
  readonly redirectUri: readonly string[];
}

/** `drydock oauth-client …`. */
export function addOAuthClientCommands(program: Command, parts: CommandParts): void {
  const command = program.command('oauth-client').description('list, make and delete programs that act for users');
  command
    .command('list')
    .description('list all clients')
    .option('--json', 'print the list as JSON')
    .action(async ({ json }: ListingOptions) => {
      const { clients } = await parts.withContext((ctx) => listClients(ctx, OPERATOR_ACTOR));
      if (json === true) {
        printJson(
          clients.map(({ clientId, name, redirectUris, createdAt }) => ({ clientId, name, redirectUris, createdAt })),
        );
        return;
      }
      printTable(
        ['CLIENT ID', 'NAME', 'REDIRECT URIS', 'CREATED (UTC)'],
        clients.map((client) => [
          client.clientId,
          client.name,
          client.redirectUris.join(' '),
          formatTime(client.createdAt),
        ]),
      );
    });
  command
    .command('add')
    .description('make a client; its secret is shown this once')
    .argument('<name>', 'what users see')
    .requiredOption('--redirect-uri <uri...>', 'where the browsers of users may be sent back to')
    .option('--json', 'print id and secret as JSON')
    .action(async (name: string, { redirectUri, json }: AddOptions) => {
      const input = { name, redirectUris: redirectUri };
      const { client, secret } = await parts.withContext((ctx) => createClient(ctx, OPERATOR_ACTOR, input));
      if (json === true) printJson({ clientId: client.clientId, clientSecret: secret });
      else printLine(`Made ${name} with the id ${client.clientId} and the secret ${secret} (shown this once).`);
    });
  command
    .command('delete')
    .description('delete a client; whatever it got ends at once')
    .argument('<id>', 'the client id')
    .option(...YES)
    .action(async (clientId: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the client ${clientId}?`);
      const { name } = await parts.withContext((ctx) => deleteClient(ctx, OPERATOR_ACTOR, clientId));
      printLine(`Deleted ${name}.`);
    });
}
