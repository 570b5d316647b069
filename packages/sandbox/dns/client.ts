/** Asks a DNS server as a client does (RFC 1035), by hand as its server is. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { type DnsRecord, readName, typeOf, writeQuestion } from "./message.ts";

export interface DnsReply {
	/** 0 is none, 3 a name that is not there. */
	code: number;
	answers: readonly DnsRecord[];
	authorities: readonly DnsRecord[];
}

const NAME_ERROR = 3;

/**
 * Asks a resolver for the IPv4 addresses of a name, over UDP.
 *
 * @param server `127.0.0.1:5353`
 * @throws where it does not answer in time
 */
export async function askForAddresses(server: string, name: string, timeoutMs = 2_000): Promise<DnsReply> {
	const [address, port] = server.split(":");
	const id = randomInt(65_536);
	const socket = createSocket("udp4");
	try {
		return await new Promise<DnsReply>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${server} does not answer within ${timeoutMs} ms`)), timeoutMs);
			socket.on("error", reject).on("message", (message) => {
				if (message.readUInt16BE(0) !== id) return;
				clearTimeout(timer);
				resolve(readReply(message));
			});
			socket.send(writeQuery(id, name), Number(port ?? 53), address);
		});
	} finally {
		socket.close();
	}
}

/** A resolver that keeps nothing. @param server `127.0.0.1:5353` */
export function resolveBy(server: string): (name: string) => Promise<readonly string[]> {
	return async (name) => addressesIn(await askForAddresses(server, name));
}

/** IPv4 addresses of an answer; none where the name has none. @throws where the server has failed */
export function addressesIn({ code, answers }: DnsReply): readonly string[] {
	if (code !== 0 && code !== NAME_ERROR) throw new Error(`the DNS server has failed with code ${code}`);
	return answers.flatMap(({ type, data }) => (type === "A" ? data : []));
}

function writeQuery(id: number, name: string): Buffer {
	// Recursion is desired, one question.
	const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
	return Buffer.concat([header, writeQuestion(name, "A")]);
}

function readReply(message: Buffer): DnsReply {
	let at = readName(message, 12).next + 4;
	const read = (count: number) =>
		Array.from({ length: count }, () => {
			const { record, next } = readRecord(message, at);
			at = next;
			return record;
		});
	const answers = read(message.readUInt16BE(6));
	return { code: message.readUInt16BE(2) & 15, answers, authorities: read(message.readUInt16BE(8)) };
}

function readRecord(message: Buffer, start: number): { record: DnsRecord; next: number } {
	const { name, next: at } = readName(message, start);
	const type = typeOf(message.readUInt16BE(at));
	const [from, length] = [at + 10, message.readUInt16BE(at + 8)];
	const record = { name, ttl: message.readUInt32BE(at + 4), type, data: readData(message, type, from) };
	return { record, next: from + length };
}

function readData(message: Buffer, type: string, at: number): string[] {
	if (type === "A") return [[...message.subarray(at, at + 4)].join(".")];
	if (type === "CNAME" || type === "NS") return [readName(message, at).name];
	if (type !== "SOA") return [];
	const first = readName(message, at);
	const second = readName(message, first.next);
	const numbers = [0, 4, 8, 12, 16].map((offset) => String(message.readUInt32BE(second.next + offset)));
	return [first.name, second.name, ...numbers];
}
