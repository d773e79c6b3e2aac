import type * as Presigner from '@aws-sdk/s3-request-presigner';
import type * as Sdk from '@aws-sdk/client-s3';
import { createClient } from './clients';
import type { BucketOptions } from './location';

/**
 * How long a URL lets a download begin; one that has begun goes on. Clients follow a redirect at once, and ask us for
 * another URL when they resume. The rest is for a store whose clock is minutes before ours.
 */
const VALID_SECONDS = 600;

/** Signs URLs with which anybody can read one object for some minutes. Signing sends no request. */
export class SignedUrls {
  private constructor(
    private readonly sdk: typeof Sdk,
    private readonly presigner: typeof Presigner,
    private readonly client: Sdk.S3Client,
    private readonly options: BucketOptions,
  ) {}

  /** @param options - with the endpoint that clients reach, which the signature covers */
  static async open(sdk: typeof Sdk, options: BucketOptions): Promise<SignedUrls> {
    const client = createClient(sdk, options, { maxSockets: 1, onOutage: () => undefined });
    return new SignedUrls(sdk, await import('@aws-sdk/s3-request-presigner'), client, options);
  }

  /** @param now - by the clock of the store */
  async of(key: string, now: Date): Promise<string> {
    const { bucket, prefix } = this.options;
    const object = { Bucket: bucket, Key: prefix + key, ResponseContentType: 'application/octet-stream' };
    const command = new this.sdk.GetObjectCommand(object);
    return this.presigner.getSignedUrl(this.client, command, { expiresIn: VALID_SECONDS, signingDate: now });
  }

  close(): void {
    this.client.destroy();
  }
}
