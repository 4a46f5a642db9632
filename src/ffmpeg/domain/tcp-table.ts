/** Columns of a row: the bytes that wait to be sent and to be read (`tx:rx`, hexadecimal), and the number of the socket. */
const QUEUES = 4;
const INODE = 9;

/**
 * How many bytes have come in on some TCP sockets and were not read yet.
 * @param table as /proc/PID/net/tcp shows it: https://docs.kernel.org/networking/proc_net_tcp.html
 * @param inodes of the sockets; others are left out
 */
export function sumUnreadBytes(table: string, inodes: ReadonlySet<string>): number {
  let bytes = 0;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (!inodes.has(columns[INODE] ?? '')) continue;
    bytes += Number.parseInt(columns[QUEUES]?.split(':')[1] ?? '', 16) || 0;
  }
  return bytes;
}
