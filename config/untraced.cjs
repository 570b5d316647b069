/** Stands for OpenTelemetry's API in a run that nobody traces (`spare-sdk.js`), where each of its calls does nothing. */
const span = { setAttribute() {}, addEvent() {}, end() {} };
exports.trace = {
	getTracer: () => ({ startSpan: () => span }),
	getActiveSpan: () => undefined,
	setSpan: (context) => context,
};
exports.context = { active: () => undefined };
exports.propagation = { inject() {} };
