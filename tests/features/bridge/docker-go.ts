import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/* The program of docker-image-config.go, which answers as docker 17.05 does. */

export const DOCKER_GO = 'docker-image-config';

/** A manifest as docker writes it. */
export interface Manifest {
  readonly schemaVersion: number;
  readonly mediaType: string;
  readonly config: { readonly mediaType: string; readonly size: number; readonly digest: string };
  readonly layers: readonly { readonly mediaType: string; readonly size: number; readonly digest: string }[];
}

/** A question; bytes are in base64. */
export interface Question {
  readonly Chain?: readonly { readonly JSON: string; readonly DiffID: string }[];
  readonly Image?: string;
  readonly V1Image?: string;
  readonly Manifest?: Manifest;
}

export interface Answer {
  /** why docker refuses it */
  readonly Refused?: string;
  readonly Config?: string;
  readonly V1Image?: Readonly<Record<string, unknown>>;
  readonly ChainIDs?: readonly string[];
  readonly Manifest?: string;
}

export class DockerGo {
  private readonly child = spawn(DOCKER_GO, { stdio: ['pipe', 'pipe', 'inherit'] });
  private readonly lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();

  /** The answers come in the order of the questions. */
  async ask(question: Question): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error(`${DOCKER_GO} has ended`);
    return JSON.parse(value) as Answer;
  }

  end(): void {
    this.child.stdin.end();
  }
}
