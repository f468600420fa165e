/** The thread that ends its process when the process's input ends: a server that was killed leaves no query running. */
import { Socket } from "node:net";

const INPUT = 0;

const input = new Socket({ fd: INPUT, readable: true, writable: false });
const end = (): void => void process.kill(process.pid, "SIGKILL");
input.on("close", end);
input.on("error", end);
input.resume();
