/** A DNS server over UDP and TCP, whatever it is told to answer. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6, type Socket } from "node:net";
import { type DnsAnswer, type DnsQuestion, readQuestion, writeAnswer } from "./message.ts";

/** A question as it came. */
export interface AskedQuestion extends Pick<DnsQuestion, "name" | "type" | "isRecursive"> {
	isTcp: boolean;
}

export interface DnsServer {
	address: string;
	port: number;
	/** Each question, in the order in which they came. */
	asked: readonly AskedQuestion[];
	close(): Promise<void>;
}

/** What it answers; undefined for nothing at all. */
export type Answering = (question: AskedQuestion) => DnsAnswer | undefined;

/** Starts one. @param port 0 for a free one, which both protocols have */
export async function startDnsServer(address: string, port: number, answer: Answering): Promise<DnsServer> {
	const asked: AskedQuestion[] = [];
	const answerTo = (message: Buffer, isTcp: boolean): Buffer | undefined => {
		const question = readQuestion(message);
		const seen = { name: question.name, type: question.type, isRecursive: question.isRecursive, isTcp };
		asked.push(seen);
		const said = answer(seen);
		return said === undefined ? undefined : writeAnswer(question, said);
	};
	const udp = createSocket(isIPv6(address) ? "udp6" : "udp4");
	udp.on("message", (message, from) => {
		const bytes = answerTo(message, false);
		if (bytes !== undefined) udp.send(bytes, from.port, from.address);
	});

	const open = new Set<Socket>();
	const tcp = createServer((socket) => {
		open.add(socket);
		socket.on("close", () => open.delete(socket));
		socket.on("error", () => {});
		let bytes = Buffer.alloc(0);
		socket.on("data", (chunk) => {
			bytes = Buffer.concat([bytes, chunk]);
			if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
			const said = answerTo(bytes.subarray(2, 2 + bytes.readUInt16BE(0)), true);
			if (said === undefined) return;
			const length = Buffer.alloc(2);
			length.writeUInt16BE(said.length);
			// In two pieces, as a stream may come.
			socket.write(Buffer.concat([length, said.subarray(0, 5)]));
			setImmediate(() => socket.write(said.subarray(5)));
		});
	});
	try {
		udp.bind(port, address);
		await once(udp, "listening");
		tcp.listen(udp.address().port, address);
		await once(tcp, "listening");
	} catch (error) {
		udp.close();
		throw error;
	}
	return {
		address,
		port: udp.address().port,
		asked,
		close: async () => {
			for (const socket of open) socket.destroy();
			await Promise.all([once(tcp.close(), "close"), once(udp.close(), "close")]);
		},
	};
}
