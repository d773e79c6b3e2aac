import type { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-s3';
import type { ByteRange } from '../blob-store';
import { createClient } from './clients';
import { isDenied, isMissing } from './errors';
import type { BucketOptions } from './location';
import type { ListedObject, OpenObject, PutOptions, SentPart } from './objects';
import { sha256Fields, sha256In } from './sha256-fields';
import { SignedUrls } from './signed-urls';

const SOCKETS = 256;

/** What is deleted in one request, at most. */
export const DELETED_AT_ONCE = 1000;

/** The operations of S3 that a store needs. Keys are those below its prefix. */
export class Bucket {
  /** Requests that failed because the store does not answer, or refuses this server. */
  outages = 0;
  /** The store checks the sha256 of what it is sent, and keeps it: see `checksums.ts`. */
  hasChecksums = false;
  private readonly client: Sdk.S3Client;
  /** has connections of its own, so that slow pulls hold up nothing else */
  private readonly reader: Sdk.S3Client;

  private constructor(
    private readonly sdk: typeof Sdk,
    private readonly options: BucketOptions,
    /** undefined: clients of this server do not reach the store */
    readonly urls: SignedUrls | undefined,
  ) {
    const onOutage = (): void => {
      this.outages += 1;
    };
    this.client = createClient(sdk, options, { maxSockets: SOCKETS, onOutage });
    this.reader = createClient(sdk, options, { maxSockets: Infinity, onOutage });
  }

  /** Loads the SDK, which only servers with a bucket have to wait for. */
  static async open(options: BucketOptions): Promise<Bucket> {
    const sdk = await import('@aws-sdk/client-s3');
    const { forClients } = options;
    const urls = forClients === undefined ? undefined : await SignedUrls.open(sdk, { ...options, ...forClients });
    return new Bucket(sdk, options, urls);
  }

  close(): void {
    this.client.destroy();
    this.reader.destroy();
    this.urls?.close();
  }

  /** Resolves when the bucket exists and these credentials may use it. A refusal of a HEAD would not say why. */
  async reach(): Promise<void> {
    const { bucket, prefix } = this.options;
    await this.client.send(new this.sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
  }

  /** @param sha256 - of the body, in hex, for the store to check and to keep */
  async put(key: string, body: Buffer, { signal, sha256 }: PutOptions = {}): Promise<void> {
    const object = { ...this.at(key), ...this.encryption(), ...sha256Fields(sha256), Body: body };
    await this.client.send(new this.sdk.PutObjectCommand(object), signal === undefined ? {} : { abortSignal: signal });
  }

  /** @returns the length, or undefined when there is no such object */
  async size(key: string): Promise<number | undefined> {
    const found = await this.head(key);
    if (found !== undefined) return found.ContentLength ?? 0;
    await this.reach(); // the answer to a HEAD does not say whether it is the bucket that is gone
    return undefined;
  }

  /** The sha256 that came with an object of this length; see `sha256In`. */
  async sha256Of(key: string, sizeBytes: number): Promise<string | undefined> {
    const found = await this.head(key, { ChecksumMode: 'ENABLED' });
    return found?.ContentLength === sizeBytes ? sha256In(found) : undefined;
  }

  /**
   * @param etag - of the object that is wanted
   * @returns undefined when there is no such object
   */
  async open(
    key: string,
    range: ByteRange | undefined,
    signal: AbortSignal,
    etag?: string,
  ): Promise<OpenObject | undefined> {
    const part = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` };
    const wanted = etag === undefined ? {} : { IfMatch: etag };
    try {
      const command = new this.sdk.GetObjectCommand({ ...this.at(key), ...part, ...wanted });
      const { Body, ContentLength, ContentRange, ETag } = await this.reader.send(command, { abortSignal: signal });
      const wholeBytes = Number(ContentRange?.split('/')[1] ?? ContentLength ?? 0);
      return { body: Body as Readable, wholeBytes, etag: ETag };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The time by the clock of the store, as its last answer showed it. */
  now(): Date {
    return new Date(Date.now() + this.client.config.systemClockOffset);
  }

  /** Deletes objects; fine if there are none. */
  async delete(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETED_AT_ONCE) {
      const Objects = keys.slice(at, at + DELETED_AT_ONCE).map((key) => ({ Key: this.options.prefix + key }));
      const command = new this.sdk.DeleteObjectsCommand({
        Bucket: this.options.bucket,
        Delete: { Objects, Quiet: true },
      });
      const failed = (await this.client.send(command)).Errors?.find(({ Code }) => Code !== 'NoSuchKey');
      if (failed !== undefined) throw new Error(`${failed.Key} was not deleted: ${failed.Code} ${failed.Message}`);
    }
  }

  /**
   * Copies an object within the bucket, as far as one request can.
   *
   * @returns false when there is none
   */
  async copy(from: string, to: string): Promise<boolean> {
    const target = { ...this.at(to), ...this.encryption(), CopySource: this.source(from) };
    try {
      await this.client.send(new this.sdk.CopyObjectCommand(target));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async *list(folder: string): AsyncIterable<readonly ListedObject[]> {
    const { bucket, prefix } = this.options;
    let token: string | undefined;
    do {
      const where = {
        Bucket: bucket,
        Prefix: prefix + folder,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      };
      const page = await this.client.send(new this.sdk.ListObjectsV2Command(where));
      yield (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date() }) => ({
        key: Key.slice(prefix.length),
        sizeBytes: Size,
        modifiedAt: LastModified,
      }));
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** @returns the id of the upload. A request that was repeated may have begun another one, which ends. */
  async beginParts(key: string): Promise<string> {
    const target = { ...this.at(key), ...this.encryption() };
    const { UploadId, $metadata } = await this.client.send(new this.sdk.CreateMultipartUploadCommand(target));
    if (UploadId === undefined) throw new Error('the store gave no id for an upload');
    if (($metadata.attempts ?? 1) > 1) await this.abortAllParts(key, UploadId).catch(() => undefined);
    return UploadId;
  }

  /**
   * Removes all parts of all uploads of an object, as far as these credentials may list them.
   *
   * @param except - the id of one that stays
   */
  async abortAllParts(key: string, except?: string): Promise<void> {
    const { Bucket, Key } = this.at(key);
    const command = new this.sdk.ListMultipartUploadsCommand({ Bucket, Prefix: Key });
    const listed = await this.client.send(command).catch((error: unknown) => {
      if (!isDenied(error)) throw error;
    });
    for (const { UploadId, Key: found } of listed?.Uploads ?? [])
      if (UploadId !== undefined && UploadId !== except && found === Key) await this.abortParts(key, UploadId);
  }

  async sendPart(key: string, uploadId: string, number: number, body: Buffer): Promise<SentPart> {
    const part = { ...this.at(key), UploadId: uploadId, PartNumber: number, Body: body };
    const { ETag: etag } = await this.client.send(new this.sdk.UploadPartCommand(part));
    if (etag === undefined) throw new Error('the store gave no tag for a part');
    return { number, etag, sizeBytes: body.length };
  }

  /** Takes a part from another object. */
  async copyPart(
    key: string,
    uploadId: string,
    { number, from, range }: { number: number; from: string; range: ByteRange },
  ): Promise<SentPart> {
    const source = { CopySource: this.source(from), CopySourceRange: `bytes=${range.start}-${range.end}` };
    const part = { ...this.at(key), UploadId: uploadId, PartNumber: number, ...source };
    const { CopyPartResult } = await this.client.send(new this.sdk.UploadPartCopyCommand(part));
    if (CopyPartResult?.ETag === undefined) throw new Error('the store gave no tag for a part');
    return { number, etag: CopyPartResult.ETag, sizeBytes: range.end - range.start + 1 };
  }

  /** The parts become an object, in the order of their numbers. */
  async completeParts(key: string, uploadId: string, parts: readonly SentPart[]): Promise<void> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    const upload = { ...this.at(key), UploadId: uploadId, MultipartUpload: { Parts } };
    await this.client.send(new this.sdk.CompleteMultipartUploadCommand(upload));
  }

  /** Removes the parts; fine if there is no such upload. */
  async abortParts(key: string, uploadId: string): Promise<void> {
    try {
      await this.client.send(new this.sdk.AbortMultipartUploadCommand({ ...this.at(key), UploadId: uploadId }));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  private async head(key: string, wanted = {}): Promise<Sdk.HeadObjectCommandOutput | undefined> {
    try {
      return await this.client.send(new this.sdk.HeadObjectCommand({ ...this.at(key), ...wanted }));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.options.bucket, Key: this.options.prefix + key };
  }

  private source(key: string): string {
    return encodeURI(`${this.options.bucket}/${this.options.prefix}${key}`);
  }

  private encryption(): { ServerSideEncryption?: 'AES256' | 'aws:kms' } {
    const { encryption } = this.options;
    return encryption === undefined ? {} : { ServerSideEncryption: encryption };
  }
}
