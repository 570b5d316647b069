/** Messages of the DNS as servers write them (RFC 1035, RFC 8659), by hand: the program that is judged has a library for them. */

/** A record as a zone file has it: `portal.acme.example 300 A 203.0.113.9`. */
export interface DnsRecord {
	name: string;
	ttl: number;
	type: string;
	/** The words after the type. */
	data: readonly string[];
}

export interface DnsQuestion {
	id: number;
	name: string;
	type: string;
	isRecursive: boolean;
}

export interface DnsAnswer {
	code: number;
	isAuthoritative: boolean;
	isTruncated?: boolean;
	answers: readonly DnsRecord[];
	authorities: readonly DnsRecord[];
}

const TYPES: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, CAA: 257 };
const INTERNET = 1;

/** Reads a line such as `portal.acme.example 300 A 203.0.113.9`. @throws where its type is none that the stand-in has */
export function parseRecord(line: string): DnsRecord {
	const [name = "", ttl = "", type = "", ...data] = line.split(/\s+/);
	if (!Object.hasOwn(TYPES, type) || data.length === 0) throw new Error(`sandbox: no record: ${line}`);
	return { name: name.toLowerCase(), ttl: Number(ttl), type, data };
}

export function readQuestion(message: Buffer): DnsQuestion {
	const { name, next } = readName(message, 12);
	return {
		id: message.readUInt16BE(0),
		name,
		type: typeOf(message.readUInt16BE(next)),
		isRecursive: (message.readUInt16BE(2) & 0x0100) !== 0,
	};
}

export function writeAnswer({ id, name, type, isRecursive }: DnsQuestion, answer: DnsAnswer): Buffer {
	const header = Buffer.alloc(12);
	header.writeUInt16BE(id, 0);
	const flags = [
		[0x8000, true],
		[0x0400, answer.isAuthoritative],
		[0x0200, answer.isTruncated === true],
		[0x0100, isRecursive],
	] as const;
	header.writeUInt16BE(
		flags.reduce((sum, [bit, isSet]) => sum | (isSet ? bit : 0), answer.code),
		2,
	);
	const { answers, authorities } = answer;
	for (const [index, count] of [1, answers.length, authorities.length].entries())
		header.writeUInt16BE(count, 4 + 2 * index);
	return Buffer.concat([header, writeQuestion(name, type), ...[...answers, ...authorities].map(writeRecord)]);
}

/** The one question of a message. */
export function writeQuestion(name: string, type: string): Buffer {
	return Buffer.concat([writeName(name), numbers(TYPES[type] ?? 0, INTERNET)]);
}

/** Name of a type's number. */
export function typeOf(number: number): string {
	return Object.keys(TYPES).find((type) => TYPES[type] === number) ?? `TYPE${number}`;
}

function writeRecord({ name, ttl, type, data }: DnsRecord): Buffer {
	const bytes = writeData(type, data);
	const seconds = Buffer.alloc(4);
	seconds.writeUInt32BE(ttl);
	return Buffer.concat([writeQuestion(name, type), seconds, numbers(bytes.length), bytes]);
}

function writeData(type: string, data: readonly string[]): Buffer {
	const [first = "", second = "", ...rest] = data;
	if (type === "A") return Buffer.from(first.split(".").map(Number));
	if (type === "AAAA") return writeIpv6(first);
	if (type === "CNAME" || type === "NS") return writeName(first);
	if (type === "CAA") {
		const value = rest.join(" ").replaceAll('"', "");
		return Buffer.concat([Buffer.from([Number(first), second.length]), Buffer.from(second + value)]);
	}
	if (type === "MX") return Buffer.concat([numbers(Number(first)), writeName(second)]);
	if (type === "TXT") {
		const value = Buffer.from(data.join(" ").replaceAll('"', ""));
		return Buffer.concat([Buffer.from([value.length]), value]);
	}
	const seconds = Buffer.alloc(20);
	for (const [index, text] of rest.entries()) seconds.writeUInt32BE(Number(text), 4 * index);
	return Buffer.concat([writeName(first), writeName(second), seconds]);
}

function writeIpv6(text: string): Buffer {
	const [head = "", tail = ""] = text.split("::");
	const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
	const [before, after] = [groups(head), groups(tail)];
	return numbers(...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after);
}

function writeName(name: string): Buffer {
	const labels = name.replace(/\.$/, "").split(".");
	return Buffer.concat([
		...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
		Buffer.from([0]),
	]);
}

function numbers(...values: readonly number[]): Buffer {
	const bytes = Buffer.alloc(2 * values.length);
	for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index);
	return bytes;
}

/** A name may end in a pointer to another place of the message (RFC 1035 §4.1.4). */
export function readName(message: Buffer, start: number): { name: string; next: number } {
	const labels: string[] = [];
	let at = start;
	let next: number | undefined;
	for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
		if (length >= 0xc0) {
			next ??= at + 2;
			at = message.readUInt16BE(at) & 0x3fff;
			continue;
		}
		labels.push(message.toString("latin1", at + 1, at + 1 + length));
		at += 1 + length;
	}
	return { name: labels.join(".").toLowerCase(), next: next ?? at + 1 };
}
