/** `ports` in their short and long syntax (compose-spec 05-services.md, ports). */
import { type Field, fieldAt, textOf } from "./source.ts";

/** A port that a service publishes. */
export interface Port {
	/** In the container. */
	target: number;
	/** On the host; undefined where Compose chooses it. */
	published: string | undefined;
	/** Address of the host; undefined for every one. */
	ip: string | undefined;
	protocol: string;
	/** What is spoken there, where the file says it (`app_protocol`, or `name`). */
	speaks: string | undefined;
	/** Whether it is published on each node by itself, past Swarm's load balancing. */
	isOnHost: boolean;
}

/** What an entry says, each as it stands there. */
interface Entry {
	target: string;
	published: string | undefined;
	ip: string | undefined;
	protocol: string;
	speaks: string | undefined;
	isOnHost: boolean;
}

/** The ports of one entry: a range has many; none where it cannot be read. */
export function readPorts(item: Field): Port[] {
	const entry = readEntry(item);
	const hosts = rangeOf(entry.published ?? "");
	const isShort = item.value.kind !== "map";
	return rangeOf(entry.target).map((target, index) => ({
		...entry,
		target,
		published: isShort && hosts.length > 0 ? String(hosts[index] ?? hosts[0]) : entry.published,
	}));
}

/** What tells an entry from the others (compose-spec 13-merge.md, unique resources). */
export function portKey(item: Field): string {
	const { ip, published, target, protocol } = readEntry(item);
	return JSON.stringify([ip, published, target, protocol]);
}

function readEntry(item: Field): Entry {
	if (item.value.kind !== "map") return readShort(textOf(item) ?? "");
	const text = (key: string) => textOf(fieldAt(item, key));
	return {
		target: text("target") ?? "",
		published: text("published"),
		ip: text("host_ip"),
		protocol: text("protocol") ?? "tcp",
		speaks: text("app_protocol") ?? text("name"),
		isOnHost: text("mode") === "host",
	};
}

function readShort(text: string): Entry {
	const [, ip, published, target = "", protocol = "tcp"] =
		/^(?:(?:(\[[^\]]+\]|[^:/.]+(?:\.[^:/.]+){3}|.*:.*):)?(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(
			text.trim(),
		) ?? [];
	return { target, published, ip, protocol, speaks: undefined, isOnHost: false };
}

/** `8000-8002` as its numbers; none where it is no range of ports. */
function rangeOf(text: string): number[] {
	const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
	const [first, last] = [Number(from), Number(to)];
	if (from === undefined || first < 1 || last > 65_535 || last < first) return [];
	return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Ports as people write them: `80, 8000-8002`. */
export function writePorts(ports: readonly number[]): string {
	const sorted = [...new Set(ports)].sort((a, b) => a - b);
	const starts = sorted.filter((port, index) => sorted[index - 1] !== port - 1);
	const ends = sorted.filter((port, index) => sorted[index + 1] !== port + 1);
	return starts.map((start, index) => (start === ends[index] ? `${start}` : `${start}-${ends[index]}`)).join(", ");
}
