import { S3Error, tag, textOf, textsOf, xmlDocument } from './s3-error.js';
import type { S3Request } from './s3-request.js';

const MAX_KEYS = 1_000;

export interface ManyDeletes {
  keys: string[];
  /** Whether only what failed is to be answered. */
  quiet: boolean;
}

/**
 * What a DeleteObjects asks for. It must bring a digest: R2 takes no other one here than an MD5, which is compared with every body.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
export function readManyDeletes({ headers, body }: S3Request): ManyDeletes {
  if (headers['content-md5'] === undefined) {
    throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
  }
  const xml = body.toString();
  const objects = [...xml.matchAll(/<Object>(.*?)<\/Object>/gs)].map(([, object = '']) => textsOf(object, 'Key'));
  const isWhole =
    /<Delete[ >].*<\/Delete>\s*$/s.test(xml) && objects.every((keys) => keys.length === 1 && keys[0] !== '');
  if (!isWhole || objects.length < 1 || objects.length > MAX_KEYS) {
    throw new S3Error(400, 'MalformedXML', 'The XML you provided was not well-formed or did not validate.');
  }
  return { keys: objects.flat(), quiet: textOf(xml, 'Quiet') === 'true' };
}

/** @param refusals by key; null: it is deleted */
export function manyDeletesXml(refusals: Map<string, S3Error | null>, quiet: boolean): string {
  const entries = [...refusals].map(([key, refusal]) => {
    if (refusal)
      return `<Error>${tag('Key', key)}${tag('Code', refusal.code)}${tag('Message', refusal.message)}</Error>`;
    return quiet ? '' : `<Deleted>${tag('Key', key)}</Deleted>`;
  });
  return xmlDocument('DeleteResult', entries.join(''));
}
