// Loaded into a service ahead of everything else: names are looked up in the file first, so that a test can move what is behind one.
import dns from 'node:dns';
import { readFileSync } from 'node:fs';

const { lookup } = dns;

dns.lookup = (name, ...rest) => {
  const callback = rest.at(-1);
  const [asked] = rest;
  const address = JSON.parse(readFileSync(process.env.HINDSIGHT_TEST_NAMES, 'utf8'))[name];
  if (address === undefined) return lookup(name, ...rest);
  const answer = asked?.all ? [[{ address, family: 4 }]] : [address, 4];
  process.nextTick(() => callback(null, ...answer));
};
