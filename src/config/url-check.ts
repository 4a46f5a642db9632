const ENCODE = 'percent-encode the password ("@" is %40, ":" is %3A, "/" is %2F, "?" is %3F, "#" is %23, "%" is %25)';

/**
 * What is wrong with the address of a PostgreSQL server, or null. The sentence quotes nothing: of an address that is cut at the wrong
 * place, any piece may be a piece of the password.
 */
export function faultOfDatabaseUrl(text: string): string | null {
  if (!/^postgres(ql)?:\/\//i.test(text)) {
    return 'must look like postgresql://user:password@host:5432/database (odd characters percent-encoded)';
  }
  const at = text.split('@').length - 1;
  if (at > 1) return `holds more than one "@": ${ENCODE}`;
  const url = parse(text);
  if (url === null) return `cannot be taken apart into user, password, host and database: ${ENCODE}`;
  // The only "@" stands behind the host: a "/", "?" or "#" in the password has ended the part before it.
  if (at === 1 && url.username === '' && url.password === '') return `holds an "@" behind the host: ${ENCODE}`;
  return null;
}

/** What is wrong with the address of an HTTP server, or null; quotes nothing, as above. */
export function faultOfHttpUrl(text: string): string | null {
  const url = parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'must be an http(s) URL';
  if (text.includes('@')) return 'must not hold a user name or password (an "@" elsewhere is written %40)';
  return null;
}

/** The passwords that an address holds, as they are: behind its user, and where the PostgreSQL client reads one too. */
export function passwordsOf(text: string): string[] {
  const url = parse(text);
  if (url === null) return [];
  const inQuery = url.searchParams.getAll('password');
  return [decodeURIComponent(url.password), ...inQuery].filter((password) => password !== '');
}

/** Null also when a percent sign encodes nothing. */
function parse(text: string): URL | null {
  try {
    const url = new URL(text);
    decodeURIComponent(url.username + url.password + url.pathname);
    return url;
  } catch {
    return null; // the parser's own message quotes the address
  }
}
