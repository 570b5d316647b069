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

/** The ports of one entry: a range has many; none where it cannot be read. */
export function readPorts(item: Field): Port[] {
	return item.value.kind === "map" ? longPorts(item) : shortPorts(textOf(item) ?? "");
}

function shortPorts(text: string): Port[] {
	const [, ip, published, target = "", protocol = "tcp"] =
		/^(?:(?:(\[[^\]]+\]|[^:/]+(?:\.[^:/]+){3}|.*:.*):)?(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(
			text.trim(),
		) ?? [];
	const hosts = published === undefined ? [] : rangeOf(published);
	return rangeOf(target).map((port, index) => ({
		target: port,
		published: hosts.length === 0 ? undefined : String(hosts[index] ?? hosts[0]),
		ip,
		protocol,
		speaks: undefined,
		isOnHost: false,
	}));
}

function longPorts(item: Field): Port[] {
	const text = (key: string) => textOf(fieldAt(item, key));
	return rangeOf(text("target") ?? "").map((target) => ({
		target,
		published: text("published"),
		ip: text("host_ip"),
		protocol: text("protocol") ?? "tcp",
		speaks: text("app_protocol") ?? text("name"),
		isOnHost: text("mode") === "host",
	}));
}

/** `8000-8002` as its numbers; none where it is no range of ports. */
function rangeOf(text: string): number[] {
	const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
	const [first, last] = [Number(from), Number(to)];
	if (from === undefined || first < 1 || last > 65_535 || last < first) return [];
	return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
