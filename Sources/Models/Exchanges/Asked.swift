public import NIOCore
public import OstiaryCore
public import OstiaryWire

/// What the client asks a model: the model it names, as much of the body as had to be read to know it, and the way to
/// the rest.
///
/// Noncopyable, as it accounts for the memory that its body holds.
public struct Asked: ~Copyable {
    public let facts: RequestFacts
    /// The body, or its beginning.
    public let body: ByteBuffer
    /// Whether `body` is all of it.
    public let isWhole: Bool
    /// The whole body's length; `nil` when the client sends it in chunks and it has not all come.
    public let length: Int?
    private let reader: RequestReader
    private let source: RequestBody
    private let held: HeldBodies
    private let heldBytes: Int

    /// Reads until the model is known: the whole body when it is short, else as far as needed.
    /// - Throws: what reading throws, `.invalidRequest` for a body that is no JSON object with a model, `.overloaded`
    ///   when too much is held already.
    public static func read(_ source: RequestBody, holding held: HeldBodies) async throws(GateError) -> Asked {
        var reader = RequestReader()
        var body = ByteBuffer()
        var heldBytes = 0
        do throws(GateError) {
            while let piece = try await source.next() {
                if body.readableBytes == 0 { body = piece } else { body.writeImmutableBuffer(piece) }
                try piece.withReadableSpan { span throws(GateError) in try reader.feed(span) }
                if body.readableBytes > HeldBodies.free {
                    if let facts = try reader.factsSoFar, !source.isComplete {
                        return Asked(
                            facts: facts, body: body, isWhole: false, length: source.declaredLength, reader: reader,
                            source: source, held: held, heldBytes: heldBytes)
                    }
                    let more = body.readableBytes - HeldBodies.free - heldBytes
                    try held.take(more)
                    heldBytes += more
                }
            }
            let facts = try reader.finish()
            return Asked(
                facts: facts, body: body, isWhole: true, length: body.readableBytes, reader: reader, source: source,
                held: held, heldBytes: heldBytes)
        } catch {
            held.giveBack(heldBytes)
            throw error
        }
    }

    /// The rest of the body, checked to its end while it is sent on; `nil` when there is none.
    public var rest: (any BodySource)? {
        isWhole ? nil : CheckedBody(source: source, reader: reader)
    }

    deinit {
        held.giveBack(heldBytes)
    }
}

/// The rest of a body whose beginning was read: passed on piece by piece, each checked first, so that a body that turns
/// out to be broken never reaches the provider as a complete one.
struct CheckedBody: BodySource {
    let source: RequestBody
    var reader: RequestReader

    mutating func next() async throws(GateError) -> ByteBuffer? {
        guard let piece = try await source.next() else {
            _ = try reader.finish()
            return nil
        }
        try piece.withReadableSpan { span throws(GateError) in try reader.feed(span) }
        return piece
    }
}
