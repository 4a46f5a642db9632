/** The camera's own: cameras and servers of one process must not find the same port. */
export { freePort } from '@hindsight/virtual-camera/free-port';
