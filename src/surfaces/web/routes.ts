import type { Context } from '../../context';
import { AppError } from '../../platform/errors';
import type { Reply } from '../../platform/http/exchange';
import { admit, type WebHandler, type WebRoute, type WebRow } from './access';
import { accountRows } from './areas/account/routes';
import { administrationRows } from './areas/administration/routes';
import { buildSettingsRows } from './areas/build-settings/routes';
import { buildRows } from './areas/builds/routes';
import { dashboardRows } from './areas/dashboard/routes';
import { loginRows } from './areas/login/routes';
import { mailLinkRows } from './areas/mail-links/routes';
import { oauthRows } from './areas/oauth/routes';
import { organizationRows } from './areas/organizations/routes';
import { publicRows } from './areas/public/routes';
import { repositoryPageRows } from './areas/repository/routes';
import { repositorySettingsRows } from './areas/repository-settings/routes';
import { assetRows } from './assets';
import { PasswordNeeded } from './confirm-password';
import { problemReply } from './errors';
import { Form } from './form';
import type { Visitor } from './visitor';

/** All pages, by area. */
const ROWS: readonly WebRow[] = [
  ...assetRows,
  ...loginRows,
  ...accountRows,
  ...mailLinkRows,
  ...oauthRows,
  ...organizationRows,
  ...administrationRows,
  ...repositoryPageRows,
  ...buildRows,
  ...publicRows,
  ...dashboardRows,
  ...repositorySettingsRows,
  ...buildSettingsRows,
];

/** A query without NUL, which no person types and Postgres cannot store in text; the search uses the rest. */
function withoutNul(query: URLSearchParams): URLSearchParams {
  const plain = new URLSearchParams();
  for (const [name, value] of query) plain.append(name.replaceAll('\0', ''), value.replaceAll('\0', ''));
  return plain;
}

/**
 * A feature may ask for the password if the path does not show that it is needed, as for the owners of an organization.
 */
function askingForPassword(error: unknown, visitor: Visitor): unknown {
  const isAsked = error instanceof AppError && error.code === 'password_needed';
  return isAsked && 'form' in visitor && visitor.form instanceof Form ? new PasswordNeeded(visitor.form) : error;
}

function bind(ctx: Context, row: WebRow): WebRoute {
  // The type of the row ensures that its handler accepts what `admit` returns for its access.
  const handle = row.handle as WebHandler<'anyone'>;
  return {
    ...row,
    handle: async (exchange): Promise<Reply> => {
      let visitor: Visitor = exchange.caller;
      try {
        visitor = await admit(ctx, row, exchange);
        const { req, params, query } = exchange;
        return await handle(ctx, {
          req,
          params,
          query: withoutNul(query),
          caller: visitor,
          get signal() {
            return exchange.signal; // created when a page uses it; most never do
          },
        });
      } catch (error) {
        return problemReply(askingForPassword(error, visitor), visitor, exchange.req);
      }
    },
  };
}

/** The rows with their handlers bound to the context. */
export function webRoutes(ctx: Context): WebRoute[] {
  return ROWS.map((row) => bind(ctx, row));
}
