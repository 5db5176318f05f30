public import NIOCore
public import OstiaryCore

/// The one right to answer a request.
///
/// Noncopyable: every way to answer consumes it, so answering twice does not compile. A reply that is dropped leaves
/// the request to the edge, which answers 500 and counts it.
public struct Reply: ~Copyable {
    let connection: any ServerExchange
    let serial: UInt64
    private var isUsed = false

    init(connection: any ServerExchange, serial: UInt64) {
        self.connection = connection
        self.serial = serial
    }

    /// When the first byte of the request was read.
    public var started: MonotonicTime { connection.started }
    /// Whether the client is still there.
    public var isWanted: Bool { connection.isCurrent(serial) }

    /// The certificate that the client proved to hold; `nil` for none.
    public var clientCertificate: ClientCertificate? { connection.certificate }

    /// Appends field lines (`name: value CRLF`) that go out with whatever answer this request gets.
    public func addFields(_ write: (inout ByteWriter) -> Void) {
        guard connection.isCurrent(serial), !connection.answer.isBegun else { return }
        write(&connection.answer.commonFields)
    }

    /// Ends the connection behind this answer: the request was sound in form and still one that two readers could
    /// understand differently.
    public func endConnection() {
        if connection.isCurrent(serial) { connection.clientKeeps = false }
    }

    /// Goes on in a task on the worker's loop, which is cancelled when the client leaves.
    public consuming func later(_ operation: @escaping (consuming Reply) async -> Void) {
        isUsed = true
        let (connection, serial) = (connection, serial)
        connection.run(serial) { await operation(Reply(connection: connection, serial: serial)) }
    }

    /// Sends a complete answer.
    /// - Parameter fields: appends further field lines; framing and connection fields are the edge's own.
    public consuming func send(
        status: Int,
        body: ByteBuffer,
        fields: (inout ByteWriter) -> Void = { _ in }
    ) -> Delivery {
        isUsed = true
        return connection.sendWhole(serial, status, body: body, fields: fields)
    }

    /// Sends a head; the body follows piece by piece.
    /// - Parameter lastWords: what goes out before the stream is cut.
    public consuming func stream(
        status: Int,
        lastWords: ((Entry.Cut) -> ByteBuffer?)? = nil,
        fields: (inout ByteWriter) -> Void = { _ in }
    ) -> ReplyStream {
        isUsed = true
        connection.beginStream(serial, status, length: nil, first: nil, fields: fields)
        connection.flushAnswer()
        return ReplyStream(connection: connection, serial: serial, lastWords: lastWords)
    }

    /// Announces a body of `announcing` bytes, sends fewer, and breaks the connection off.
    public consuming func breakOff(
        status: Int,
        body: ByteBuffer,
        announcing: Int,
        fields: (inout ByteWriter) -> Void = { _ in }
    ) -> Delivery {
        isUsed = true
        connection.beginStream(serial, status, length: announcing, first: body, fields: fields)
        if connection.isCurrent(serial) { connection.cutAnswer(.upstream) }
        return connection.answer.delivery(at: connection.worker.now)
    }

    /// Begins to hand a provider's answer through, with back-pressure both ways.
    /// - Parameters:
    ///   - naming: under which name the client sees a field of the provider; `nil` for not at all.
    ///   - tap: sees the body's bytes as the provider sent them.
    ///   - filter: decides which bytes the client gets; `nil` for all of them as they are.
    ///   - receiver: is told when the answer has come to its end, before this returns when all of it was here.
    @discardableResult
    public consuming func relay(
        _ answer: consuming UpstreamAnswer,
        naming: (FieldName) -> StaticString?,
        tap: (any AnswerTap)?,
        filter: (any BodyFilter)? = nil,
        then receiver: (any RelayReceiver)? = nil
    ) -> Relay {
        isUsed = true
        let relay = Relay(
            client: connection,
            serial: serial,
            upstream: answer.takeExchange(),
            tap: tap,
            filter: filter,
            receiver: receiver
        )
        relay.begin(naming)
        return relay
    }

    deinit {
        if !isUsed { connection.unanswered(serial) }
    }
}

extension ByteWriter {
    /// Writes one field line.
    public mutating func writeField(_ name: StaticString, _ value: StaticString) {
        writeStaticString(name)
        writeStaticString(": ")
        writeStaticString(value)
        writeStaticString("\r\n")
    }

    /// Writes one field line with a numeric value.
    public mutating func writeField(_ name: StaticString, _ value: Int) {
        writeStaticString(name)
        writeStaticString(": ")
        writeDecimal(value)
        writeStaticString("\r\n")
    }

    /// Writes one field line; characters that could end it are left out.
    public mutating func writeField(_ name: StaticString, text value: String) {
        writeStaticString(name)
        writeStaticString(": ")
        for byte in value.utf8 where OctetClass.fieldValue.contains(byte) { writeByte(byte) }
        writeStaticString("\r\n")
    }
}
