import type { Command } from 'commander';
import type { Context } from '../../context';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import type { AdministeredRepository } from '../../features/repositories/access';
import { getAdministered } from '../../features/repositories/get-repository';
import { displayName, readFullName } from '../../features/repositories/names';
import { getDelivery, listDeliveries, type Delivery } from '../../features/webhooks/deliveries';
import { redeliver } from '../../features/webhooks/push-deliveries';
import { createWebhook, deleteWebhook, listWebhooks, type Webhook } from '../../features/webhooks/webhooks';
import { AppError } from '../../platform/errors';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const REPOSITORY = 'namespace/name, or just name in the library';
const HOOK = 'the name of the webhook';

function wholeNumber(text: string, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new AppError('invalid', `${what} must be a number from 1`);
  return value;
}

/** The repository whose webhooks a command manages. */
function repositoryNamed(ctx: Context, text: string): Promise<AdministeredRepository> {
  return getAdministered(ctx, OPERATOR_ACTOR, readFullName(text), 'webhookSettings');
}

async function getByName(ctx: Context, repository: AdministeredRepository, hook: string): Promise<Webhook> {
  const found = (await listWebhooks(ctx, repository)).find(({ name }) => name === hook);
  if (found === undefined) throw new AppError('not_found', `${displayName(repository)} has no webhook ${hook}`);
  return found;
}

interface AddOptions {
  readonly secret?: string;
  readonly builds?: boolean;
}

/** `drydock webhook …`. */
export function addWebhookCommands(program: Command, parts: CommandParts): void {
  const webhook = program
    .command('webhook')
    .description('list, create and delete webhooks, and inspect their deliveries');
  webhook
    .command('list')
    .description('list the webhooks of a repository')
    .argument('<repository>', REPOSITORY)
    .option('--json', 'print the list as JSON')
    .action(async (text: string, { json }: ListingOptions) => {
      const hooks = await parts.withContext(async (ctx) => listWebhooks(ctx, await repositoryNamed(ctx, text)));
      if (json === true) printJson(hooks);
      else printWebhooks(hooks);
    });
  webhook
    .command('add')
    .description('notify a chain of URLs of each push')
    .argument('<repository>', REPOSITORY)
    .argument('<hook>', 'a name for the webhook')
    .argument('<url...>', 'up to five URLs; each is called after the one before it has called back')
    .option('--secret <text>', 'the secret that signs deliveries; generated and printed if omitted')
    .option('--builds', 'also call it when a build fails, and when the next one succeeds')
    .action(async (text: string, name: string, urls: string[], options: AddOptions) => {
      const { secret, builds: tellsBuilds } = options;
      const repository = displayName(readFullName(text));
      const made = await parts.withContext(async (ctx) =>
        createWebhook(ctx, await repositoryNamed(ctx, text), { name, urls, secret, tellsBuilds }),
      );
      const shown = secret === undefined ? ` with the secret ${made.secret}` : '';
      printLine(`Created the webhook ${name} of ${repository}${shown}.`);
    });
  webhook
    .command('delete')
    .description('delete a webhook with its deliveries')
    .argument('<repository>', REPOSITORY)
    .argument('<hook>', HOOK)
    .option(...YES)
    .action(async (text: string, name: string, options: YesOption) => {
      const shown = `the webhook ${name} of ${displayName(readFullName(text))}`;
      await confirmUnlessYes(options, `Delete ${shown}?`);
      await parts.withContext(async (ctx) => {
        const repository = await repositoryNamed(ctx, text);
        await deleteWebhook(ctx, repository, (await getByName(ctx, repository, name)).id);
      });
      printLine(`Deleted ${shown}.`);
    });
  addDeliveryCommands(webhook, parts);
}

function addDeliveryCommands(webhook: Command, parts: CommandParts): void {
  webhook
    .command('deliveries')
    .description('list deliveries, newest first, or show one delivery in full')
    .argument('<repository>', REPOSITORY)
    .argument('<hook>', HOOK)
    .option('--limit <number>', 'show at most this many', '50')
    .option('--id <delivery>', 'show one delivery with its payload, requests and responses, as JSON')
    .option('--json', 'print the list as JSON')
    .action(async (text: string, hook: string, options: ListingOptions & { limit: string; id?: string }) => {
      const limit = wholeNumber(options.limit, 'The limit');
      if (options.id !== undefined) {
        const id = wholeNumber(options.id, 'A delivery');
        printJson(await parts.withContext(async (ctx) => getDelivery(ctx, await repositoryNamed(ctx, text), { id })));
        return;
      }
      const deliveries = await parts.withContext(async (ctx) => {
        const repository = await repositoryNamed(ctx, text);
        const { id } = await getByName(ctx, repository, hook);
        return listDeliveries(ctx, repository, id, { limit });
      });
      if (options.json === true) printJson(deliveries);
      else printDeliveries(deliveries);
    });
  webhook
    .command('redeliver')
    .description('redeliver: send a delivery again as a new one')
    .argument('<repository>', REPOSITORY)
    .argument('<delivery>', 'its number in `webhook deliveries`')
    .action(async (text: string, delivery: string) => {
      const id = wholeNumber(delivery, 'A delivery');
      const again = await parts.withContext(async (ctx) => redeliver(ctx, await repositoryNamed(ctx, text), { id }));
      printLine(`Queued as delivery ${again}.`);
    });
}

function stateOf({ isActive, failingSince }: Webhook): string {
  if (!isActive) return 'off';
  return failingSince === undefined ? 'on' : `failing since ${formatTime(failingSince)}`;
}

function printWebhooks(hooks: readonly Webhook[]): void {
  printTable(
    ['WEBHOOK', 'STATE', 'CREATED BY', 'URLS'],
    hooks.map((hook) => [hook.name, stateOf(hook), hook.createdBy ?? '-', hook.urls.join(' ')]),
  );
}

function printDeliveries(deliveries: readonly Delivery[]): void {
  printTable(
    ['DELIVERY', 'AT (UTC)', 'EVENT', 'STATE', 'ATTEMPTS', 'CALLBACK', 'URL'],
    deliveries.map((delivery) => [
      delivery.id,
      formatTime(delivery.createdAt),
      delivery.event,
      delivery.state,
      delivery.attemptCount,
      delivery.callback?.state ?? '-',
      delivery.url,
    ]),
  );
}
