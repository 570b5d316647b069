/**
 * Does something that Ctrl-C ends by a signal, and no more: what comes then is the command's to say.
 *
 * @param reason of the signal. @default an AbortError
 */
export async function untilInterrupted<T>(use: (signal: AbortSignal) => Promise<T>, reason?: () => Error): Promise<T> {
	const gone = new AbortController();
	const end = () => gone.abort(reason?.());
	process.on("SIGINT", end);
	try {
		return await use(gone.signal);
	} finally {
		process.off("SIGINT", end);
	}
}
