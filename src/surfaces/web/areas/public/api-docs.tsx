import { assetUrl } from '../../assets';
import type { WebHandler } from '../../access';
import { page } from '../../reply';

/**
 * `/docs/api/`: the OpenAPI document in Swagger UI, which needs scripts; its own stylesheet is made readable by ours. The pictures
 * of its menus are in it.
 */
export const getApiDocs: WebHandler<'anyone'> = (_ctx, { caller }) =>
  page(
    caller,
    { title: 'API', img: ['data:'] },
    <>
      <h1>API</h1>
      <p>
        Requests are sent as the account that you are signed in with, or as the one that you name under “Authorize”.
        Programs read <a href="/api/openapi.json">the OpenAPI document</a>.
      </p>
      <link rel="stylesheet" href="/api/docs/swagger-ui.css" />
      <link rel="stylesheet" href={assetUrl('api-docs.css')} />
      <div id="swagger-ui">
        <noscript>
          <p>This page needs scripts. The OpenAPI document does not.</p>
        </noscript>
      </div>
      <script src="/api/docs/swagger-ui-bundle.js"></script>
      <script src={assetUrl('api-docs.js')}></script>
    </>,
  );
