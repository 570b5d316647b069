/** One question to one DNS server: over UDP, and again over TCP where the answer is truncated (RFC 1035, RFC 7766). */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, isIPv6 } from "node:net";
import { type Answer, type DecodedPacket, decode, encode, RECURSION_DESIRED } from "dns-packet";

/** Types of records that are read. */
export type RecordType = "A" | "AAAA" | "CAA" | "MX" | "NS" | "SOA" | "TXT";

export interface Question {
	name: string;
	type: RecordType;
	/** Whether the server is to look elsewhere too: of a resolver, never of an authoritative server. */
	isRecursive: boolean;
}

export interface Server {
	address: string;
	port: number;
}

export interface Reply {
	/** `NOERROR`, `NXDOMAIN`, `REFUSED` ... */
	code: string;
	/** Whether it is from the zone itself and no cache. */
	isAuthoritative: boolean;
	answers: readonly Answer[];
	authorities: readonly Answer[];
}

/** A server gave no answer that can be read. The message is a predicate about it: `does not answer within 2000 ms`. */
export class NoReply extends Error {
	override name = "NoReply";
}

/** Nothing came from it: the way to it may be what fails. */
export class Unheard extends NoReply {}

/** A datagram may get lost, or its answer. */
const DATAGRAMS = 2;
/** The low four bits of the flags (RFC 1035 §4.1.1). */
const CODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

/**
 * Asks one server one question.
 *
 * @param timeoutMs for each datagram, of which two are sent, and for the connection over TCP
 * @throws NoReply
 */
export async function ask(server: Server, question: Question, timeoutMs: number): Promise<Reply> {
	const { name, type, isRecursive } = question;
	const id = randomInt(65_536);
	const flags = isRecursive ? RECURSION_DESIRED : 0;
	const query = encode({ type: "query", id, flags, questions: [{ type, name }] });
	for (let sent = 1; ; sent += 1) {
		try {
			const packet = await overUdp(server, query, timeoutMs, (bytes) => read(bytes, id, question));
			return replyOf(packet.flag_tc ? await overTcp(server, query, timeoutMs, id, question) : packet);
		} catch (error) {
			if (!(error instanceof Silence) || sent === DATAGRAMS) throw error;
		}
	}
}

/** Nothing came: worth another datagram. */
class Silence extends Unheard {}

async function overUdp(
	{ address, port }: Server,
	query: Buffer,
	timeoutMs: number,
	parse: (bytes: Buffer) => DecodedPacket | undefined,
): Promise<DecodedPacket> {
	const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
	const signal = AbortSignal.timeout(timeoutMs);
	try {
		// A connected socket takes datagrams of this server alone, and hears that its port is closed.
		socket.connect(port, address);
		await once(socket, "connect", { signal });
		return await new Promise<DecodedPacket>((resolve, reject) => {
			signal.throwIfAborted();
			signal.addEventListener("abort", () => reject(signal.reason), { once: true });
			socket.on("error", reject);
			socket.on("message", (bytes) => {
				const packet = parse(bytes);
				if (packet !== undefined) resolve(packet);
			});
			socket.send(query);
		});
	} catch (error) {
		if (signal.aborted) throw new Silence(`does not answer within ${timeoutMs} ms`);
		throw new Unheard(describeFailure(error));
	} finally {
		socket.close();
	}
}

async function overTcp(
	{ address, port }: Server,
	query: Buffer,
	timeoutMs: number,
	id: number,
	question: Question,
): Promise<DecodedPacket> {
	const length = Buffer.alloc(2);
	length.writeUInt16BE(query.length);
	const signal = AbortSignal.timeout(timeoutMs);
	const socket = connect({ host: address, port, signal });
	try {
		socket.write(Buffer.concat([length, query]));
		let bytes = Buffer.alloc(0);
		for await (const chunk of socket) {
			bytes = Buffer.concat([bytes, chunk as Buffer]);
			if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) continue;
			const packet = read(bytes.subarray(2, 2 + bytes.readUInt16BE(0)), id, question);
			if (packet !== undefined) return packet;
			break;
		}
		throw new NoReply("answers over TCP with something else than was asked");
	} catch (error) {
		if (signal.aborted)
			throw new NoReply(`has truncated its answer, and does not answer over TCP within ${timeoutMs} ms`);
		if (error instanceof NoReply) throw error;
		throw new NoReply(`has truncated its answer, and over TCP ${describeFailure(error)}`);
	} finally {
		socket.destroy();
	}
}

function describeFailure(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	return `cannot be reached (${code ?? message})`;
}

/** The answer to this question; undefined for what is none, as anybody may send datagrams. */
function read(bytes: Buffer, id: number, { name, type }: Question): DecodedPacket | undefined {
	let packet: DecodedPacket;
	try {
		packet = decode(bytes);
	} catch {
		return undefined;
	}
	const [asked] = packet.questions ?? [];
	const isIts = packet.flag_qr && packet.id === id && asked?.type === type && sameName(asked.name, name);
	return isIts ? packet : undefined;
}

function replyOf({ flags = 0, flag_aa, answers, authorities }: DecodedPacket): Reply {
	const code = flags & 0xf;
	return {
		code: CODES[code] ?? `RCODE ${code}`,
		isAuthoritative: flag_aa,
		answers: answers ?? [],
		authorities: authorities ?? [],
	};
}

/** A name as it is compared: in lower case, without a final dot. */
export function plainName(name: string): string {
	return name.toLowerCase().replace(/\.$/, "");
}

export function sameName(one: string, other: string): boolean {
	return plainName(one) === plainName(other);
}
