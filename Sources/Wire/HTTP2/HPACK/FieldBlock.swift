import NIOCore

/// A decoded field block (RFC 9113 section 8.2): a message's pseudo-headers and fields, or trailers.
///
/// Names and values lie one behind the other in `bytes`, and everything else are ranges of it; no text is made from
/// which a head would be read again, so nothing in a value can become another field.
struct FieldBlock {
    /// What one block may hold. Beyond it the block is still decoded, since the tables must follow it, but not kept.
    struct Limits {
        /// Bytes of all names and values, and four for each field, as HTTP/1.1 would need.
        var bytes = 32 * 1024
        var fields = 100
    }

    private(set) var bytes: ByteBuffer
    private(set) var fields = FieldLines()
    private(set) var method: Range<Int>?
    private(set) var scheme: Range<Int>?
    private(set) var authority: Range<Int>?
    private(set) var path: Range<Int>?
    private(set) var status: Range<Int>?
    /// Why the message is malformed (RFC 9113 section 8.1.1); `nil` for one that is not.
    private(set) var fault: StaticString?
    /// The bound that the block is beyond; `nil` for one within them.
    private(set) var excess: HeadFault?
    private var weight = 0
    private var count = 0

    init(capacity: Int) {
        bytes = ByteBufferAllocator().buffer(capacity: capacity)
    }

    var hasPseudoHeaders: Bool {
        method != nil || scheme != nil || authority != nil || path != nil || status != nil
    }

    /// Lets the decoder write name and value of a field, which `add` then takes in.
    mutating func write<Result>(_ body: (inout ByteBuffer) -> Result) -> Result { body(&bytes) }

    /// Takes in the field whose name and value were written last.
    mutating func add(_ verdict: FieldVerdict, name: Range<Int>, value: Range<Int>, limits: Limits) {
        count += 1
        weight += name.count + value.count + 4
        if excess == nil, count > limits.fields { excess = .tooManyFields }
        if excess == nil, weight > limits.bytes { excess = .headTooLarge }
        guard fault == nil, excess == nil else {
            // Nobody will read it.
            bytes.moveWriterIndex(to: name.lowerBound)
            return
        }
        guard verdict.isValueSound else { return fail("a field value holds what it may not") }
        switch verdict.role {
        case .regular: addRegular(verdict.name, name, value)
        case .method: if isFirst(method) { method = value }
        case .scheme: if isFirst(scheme) { scheme = value }
        case .authority: if isFirst(authority) { authority = value }
        case .path: if isFirst(path) { path = value }
        case .status: if isFirst(status) { status = value }
        case .unknownPseudo: fail("an unknown pseudo-header")
        case .connection: fail("a field about the connection")
        case .brokenName: fail("a field name is not a token in lower case")
        }
    }

    /// Adds a field that stands for bytes that are here already.
    mutating func alias(_ name: FieldName, of value: Range<Int>) {
        append(name, value.lowerBound..<value.lowerBound, value)
    }

    mutating func fail(_ why: StaticString) {
        if fault == nil { fault = why }
    }

    private mutating func addRegular(_ known: FieldName, _ name: Range<Int>, _ value: Range<Int>) {
        if known.isSingular, fields.has(known) { return fail("a field that may occur once occurs twice") }
        append(known, name, value)
    }

    private mutating func append(_ known: FieldName, _ name: Range<Int>, _ value: Range<Int>) {
        fields.append(
            FieldLines.Line(
                name: known,
                nameStart: UInt32(truncatingIfNeeded: name.lowerBound),
                nameEnd: UInt32(truncatingIfNeeded: name.upperBound),
                valueStart: UInt32(truncatingIfNeeded: value.lowerBound),
                valueEnd: UInt32(truncatingIfNeeded: value.upperBound)
            )
        )
    }

    /// Pseudo-headers come before all fields, each once (RFC 9113 section 8.3).
    private mutating func isFirst(_ taken: Range<Int>?) -> Bool {
        if !fields.lines.isEmpty { fail("a pseudo-header behind a field") }
        if taken != nil { fail("a pseudo-header occurs twice") }
        return fault == nil
    }
}
