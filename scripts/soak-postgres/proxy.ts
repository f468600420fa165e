/** A way to the server that loses answers: some commits reach it, and the connection is cut before their answer comes back. */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Stream } from "../../src/data/streams.js";

/** The message by which a simple statement `commit` is sent. */
const COMMIT = Buffer.from("Q\0\0\0\x0bcommit\0");

export class LosingProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #counts: { cuts: number };

  private constructor(server: Server, port: number, sockets: Set<Socket>, counts: { cuts: number }) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
    this.#counts = counts;
  }

  /** In front of a port of this machine: of commits that share `loses` at random. */
  static start(to: number, address: string, random: Stream, loses: number): Promise<LosingProxy> {
    const sockets = new Set<Socket>();
    const counts = { cuts: 0 };
    const server = createServer((client) => {
      const there = connect(to, "127.0.0.1");
      let isLost = false;
      for (const socket of [client, there]) {
        sockets.add(socket);
        socket
          .on("error", () => {})
          .on("close", () => {
            sockets.delete(socket);
            client.destroy();
            there.destroy();
          });
      }
      client.on("data", (part: Buffer) => {
        isLost ||= part.includes(COMMIT) && random.uniform() < loses;
        there.write(part);
      });
      there.on("data", (part: Buffer) => {
        if (!isLost) return client.write(part);
        counts.cuts += 1;
        return client.destroy();
      });
    });
    return new Promise((resolve) => {
      server.listen(0, address, () => {
        const at = server.address();
        const port = typeof at === "object" && at !== null ? at.port : 0;
        resolve(new LosingProxy(server, port, sockets, counts));
      });
    });
  }

  get cuts(): number {
    return this.#counts.cuts;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
