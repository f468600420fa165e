/** Hosts of a network: network namespaces, each with a name, an address and a cable to a bridge on which the server is. A cable is cut in silence. */
import { execFileSync } from "node:child_process";
import { messageOf } from "../../src/errors.js";

export interface Host {
  readonly name: string;
  /** A program as it is started there. */
  on(program: string, words: readonly string[]): readonly [program: string, words: string[]];
  /** From now on every packet is dropped, both ways, and nobody is told. */
  cut(): void;
  heal(): void;
}

export interface Network {
  readonly hosts: readonly Host[];
  /** Where the server listens for them. */
  readonly address: string;
  /** Why its hosts are none, and cannot be cut off; null: they are. */
  readonly without: string | null;
  close(): void;
}

/** A network of so many hosts; where namespaces are not allowed their processes share the one of this machine. */
export function networkOf(count: number): Network {
  try {
    return namespaces(count);
  } catch (error) {
    const [reason] = messageOf(error).split("\n").slice(-2);
    const same = (name: string): Host => ({
      name,
      on: (program, words) => [program, [...words]],
      cut: () => {},
      heal: () => {},
    });
    const hosts = Array.from({ length: count }, (_, i) => same(`host${i + 1}`));
    return { hosts, address: "127.0.0.1", without: reason ?? "", close: () => {} };
  }
}

const BRIDGE_MAC = "02:00:00:00:00:01";
/** The states of a bridge's port. */
const STATES: readonly string[] = ["disabled", "listening", "learning", "forwarding", "blocking"];
const DISABLED = 0;
const FORWARDING = 3;

/** What `ip` says of a cable's end at the bridge. */
interface Port {
  readonly linkinfo: { readonly info_slave_data: { readonly state: string } };
}

function namespaces(count: number): Network {
  const prefix = `gs${process.pid}`;
  const net = `10.231.${process.pid % 250}`;
  const bridge = `${prefix}b`;
  const names = Array.from({ length: count }, (_, i) => `host${i + 1}`);
  const spaceOf = (name: string): string => `${prefix}-${name}`;
  const close = (): void => {
    for (const name of names) quietly(() => ip("netns", "del", spaceOf(name)));
    quietly(() => ip("link", "del", bridge));
  };
  try {
    // Of its own accord it takes that of a port, another with each that is added.
    ip("link", "add", bridge, "address", BRIDGE_MAC, "type", "bridge");
    ip("addr", "add", `${net}.1/24`, "dev", bridge);
    ip("link", "set", bridge, "up");
    const hosts = names.map((name, i): Host => {
      const [space, cable, address] = [spaceOf(name), `${prefix}v${i + 1}`, `${net}.${i + 2}`];
      ip("netns", "add", space);
      ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space);
      ip("link", "set", cable, "master", bridge, "up");
      ip("-n", space, "addr", "add", `${address}/24`, "dev", "eth0");
      ip("-n", space, "link", "set", "eth0", "up");
      ip("-n", space, "link", "set", "lo", "up");
      // Or a cut would be told, as a host that nobody answers for.
      ip("-n", space, "neigh", "replace", `${net}.1`, "lladdr", BRIDGE_MAC, "dev", "eth0", "nud", "permanent");
      ip("neigh", "replace", address, "lladdr", macIn(space), "dev", bridge, "nud", "permanent");
      const port = (state: number): void => {
        execFileSync("bridge", ["link", "set", "dev", cable, "state", `${state}`]);
        // Asked otherwise a kernel may do nothing, and say nothing.
        const [{ linkinfo }] = JSON.parse(ip("-d", "-j", "link", "show", "dev", cable)) as Port[];
        const is = linkinfo.info_slave_data.state;
        if (is !== STATES[state]) throw new Error(`the cable of ${name} is to be ${STATES[state]}, and is ${is}`);
      };
      return {
        name,
        on: (program, words) => ["ip", ["netns", "exec", space, ...NAMED, name, program, ...words]],
        cut: () => port(DISABLED),
        heal: () => port(FORWARDING),
      };
    });
    return { hosts, address: `${net}.1`, without: null, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Gives the host its name; each of these becomes the next, so that a signal finds the program itself. */
const NAMED = ["unshare", "--uts", "sh", "-c", 'echo "$0" > /proc/sys/kernel/hostname; exec "$@"'];

function macIn(space: string): string {
  const [link] = JSON.parse(ip("-n", space, "-j", "link", "show", "dev", "eth0")) as { address: string }[];
  return link.address;
}

function ip(...words: readonly string[]): string {
  return execFileSync("ip", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function quietly(body: () => void): void {
  try {
    body();
  } catch {
    // It was not made.
  }
}
