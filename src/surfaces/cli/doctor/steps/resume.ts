import { failed } from '../failure';
import type { Step } from '../engine-run';
import { OTHER_IMAGE } from '../parsed';
import { assertLayerStatus, getLayer, shownInPull } from './pull-parts';

/** A download that breaks off half-way and is resumed (protocol 4.4). */
export const resume: Step = async (run) => {
  const { cutLayer } = run.session.generation;
  if (cutLayer === 'fatal') return { reason: 'this engine never resumes' };
  const [image] = run.pushed.images;
  const pulled = image && run.pulled.get(image.id);
  if (!pulled) throw new Error('an earlier pull without the base image failed');
  const context = { run, url: pulled.url, tag: 'one' };
  const { sizeBytes, acceptsRanges } = pulled;
  if (!acceptsRanges || sizeBytes <= 0) {
    if (cutLayer === 'resumes or restarts')
      return { reason: 'not offered, and this engine starts an interrupted layer again from the beginning' };
    const sees = shownInPull(context, 'unexpected EOF, when a download breaks off');
    if (!acceptsRanges) throw failed(pulled.layer, 'the header Accept-Ranges: bytes', sees);
    throw failed(pulled.json, 'the header X-Docker-Size: the bytes of the stored layer', sees);
  }
  const from = Math.floor(image.layer.length / 2);
  const exchange = await getLayer(context, image.id, from, sizeBytes);
  assertLayerStatus(context, image.id, exchange, from);
  if (exchange.answer.isCut || !exchange.answer.body.equals(image.layer.subarray(from))) {
    throw failed(exchange, `the bytes from ${from} to the end`, OTHER_IMAGE);
  }
  return undefined;
};
