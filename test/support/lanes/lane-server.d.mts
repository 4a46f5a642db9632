export class LaneServer {
  listen(path: string): Promise<void>;
  close(file: string): Promise<void>;
}
